using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2;

// The same requests and the same answers, out of both read-model stores. With TELEMETRY_TEST_STORE=postgres (or sqlite) every test of this
// folder that asks for something stored runs on that store (.ci/run does so with postgres); these do so always.

[OnStore("sqlite")]
public sealed class ListsOnSqliteTests : ListTests;

[OnStore("postgres")]
public sealed class ListsOnPostgresTests : ListTests;
