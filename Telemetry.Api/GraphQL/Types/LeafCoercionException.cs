namespace Telemetry.Api.GraphQL.Types;

/// <summary>A scalar or enum cannot take, or cannot represent, a value. The message is shown to the client.</summary>
internal class LeafCoercionException(string message) : Exception(message);
