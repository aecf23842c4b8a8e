using System.Buffers.Binary;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Telemetry.Conformance;
using Telemetry.Ingest.EventStores.EventStoreDb;
using Telemetry.Ingest.EventStores.EventStoreDb.Protocol;

namespace Telemetry.Ingest.Tests.EventStores;

/// <summary>The wire: what a server of another make has to understand, and how its errors are read.</summary>
public sealed class EventStoreDbProtocolTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Numbers and types of the published streams.proto, shared.proto, gossip.proto and status.proto (EventStoreDB 24.10, KurrentDB 25).</summary>
    [Theory]
    [InlineData("Uuid", "1 Message, 2 String")]
    [InlineData("Halves", "1 Int64, 2 Int64")]
    [InlineData("StreamIdentifier", "3 Bytes")]
    [InlineData("ReadRequest", "1 Message")]
    [InlineData("ReadOptions", "1 Message, 2 Message, 3 Enum, 4 Bool, 5 UInt64, 6 Message, 7 Message, 8 Message, 9 Message")]
    [InlineData("AllOptions", "1 Message, 2 Message, 3 Message")]
    [InlineData("LogPosition", "1 UInt64, 2 UInt64")]
    [InlineData("FilterOptions", "1 Message, 2 Message, 3 UInt32, 4 Message")]
    [InlineData("Expression", "1 String, 2 String")]
    [InlineData("StreamOptions", "1 Message, 2 UInt64, 3 Message, 4 Message")]
    [InlineData("UuidOption", "1 Message, 2 Message")]
    [InlineData("ReadResponse", "1 Message, 2 Message, 4 Message")]
    [InlineData("ReadEvent", "1 Message, 2 Message")]
    [InlineData("StoredEvent", "1 Message, 2 Message, 3 UInt64, 4 UInt64, 5 UInt64, 6 Message, 7 Bytes, 8 Bytes")]
    [InlineData("AppendRequest", "1 Message, 2 Message")]
    [InlineData("AppendOptions", "1 Message, 2 UInt64, 3 Message, 4 Message, 5 Message")]
    [InlineData("ProposedEvent", "1 Message, 2 Message, 3 Bytes, 4 Bytes")]
    [InlineData("AppendResponse", "1 Message, 2 Message")]
    [InlineData("Appended", "1 UInt64, 2 Message, 3 Message, 4 Message")]
    [InlineData("AppendRefused", "6 UInt64, 7 Message")]
    [InlineData("BatchAppendRequest", "1 Message, 2 Message, 3 Message, 4 Bool")]
    [InlineData("BatchAppendOptions", "1 Message, 2 UInt64, 3 Message, 4 Message, 7 Message")]
    [InlineData("BatchAppendResponse", "1 Message, 2 Message, 3 Message")]
    [InlineData("Status", "1 Int32, 2 String, 3 Message")]
    [InlineData("WrongExpectedVersion", "1 UInt64, 2 Message")]
    [InlineData("ClusterInfo", "1 Message")]
    [InlineData("Member", "3 Enum, 4 Bool, 5 Message")]
    [InlineData("EndPoint", "1 String, 2 UInt32")]
    public void Fields_have_the_numbers_of_the_servers(string message, string fields)
    {
        var descriptor = StreamsReflection.Descriptor.MessageTypes.Single(m => m.Name == message);

        Assert.Equal(fields, string.Join(", ", descriptor.Fields.InFieldNumberOrder().Select(f => $"{f.FieldNumber} {(f.FieldType == FieldType.Group ? FieldType.Message : f.FieldType)}")));
    }

    [Fact]
    public void An_append_is_written_byte_by_byte_as_the_protocol_says()
    {
        var options = new AppendRequest { Options = new() { Stream = EventStoreDbClient.Identifier("s"), NoStream = new() } };
        var e = new AppendRequest { Event = EventStoreDbClient.Event(new Guid("00112233-4455-6677-8899-aabbccddeeff"), "t", isJson: true, [1], [2]) };

        Assert.Equal("0A07" + "0A03" + "1A0173" + "1A00", Convert.ToHexString(options.ToByteArray()));
        Assert.StartsWith("12", Convert.ToHexString(e.ToByteArray()), StringComparison.Ordinal);
        Assert.Equal((0x0011223344556677, unchecked((long)0x8899aabbccddeeff)), (e.Event.Id.Structured.MostSignificantBits, e.Event.Id.Structured.LeastSignificantBits));
        Assert.Equal(new Guid("00112233-4455-6677-8899-aabbccddeeff"), EventStoreDbClient.Read(e.Event.Id));
        Assert.Equal("1A0101" + "220102", Convert.ToHexString(e.ToByteArray())[^12..]);
    }

    [Fact]
    public async Task A_frame_is_a_flag_a_length_and_the_message()
    {
        using var stream = new MemoryStream();
        await GrpcChannel.WriteAsync(stream, new EndPoint { Address = "a", Port = 2 }, Ct);

        Assert.Equal("00000000050A01611002", Convert.ToHexString(stream.ToArray()));
        stream.Position = 0;
        Assert.Equal("a", (await GrpcChannel.ReadAsync(stream, EndPoint.Parser, Ct))?.Address);
        Assert.Null(await GrpcChannel.ReadAsync(stream, EndPoint.Parser, Ct));
    }

    [Theory]
    [InlineData(1, 2, "flag 1")] // packed: we never ask for it
    [InlineData(0, int.MaxValue, "2147483647 bytes")]
    public async Task A_frame_that_cannot_be_taken_is_refused(byte flag, int length, string message)
    {
        var frame = new byte[7];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), length);

        var error = await Assert.ThrowsAsync<GrpcException>(() => GrpcChannel.ReadAsync(new MemoryStream(frame), EndPoint.Parser, Ct));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_error_is_read_from_headers_and_from_trailers(bool inHeaders)
    {
        await using var server = await EventStoreDbStandIn.StartAsync();
        server.Fail("Read", new(9, "Event stream 'é %' is deleted.", inHeaders, Trailers: [("exception", "stream-deleted"), ("stream-name", "s")]));
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString), Timeout);

        var error = await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(client));

        Assert.Equal((GrpcStatus.FailedPrecondition, "Event stream 'é %' is deleted.", true, false), (error.Status, error.Message, error.IsStreamDeleted, error.IsLost));
    }

    [Fact]
    public async Task A_wrong_user_is_told()
    {
        await using var server = await EventStoreDbStandIn.StartAsync();
        server.Credentials = "admin:changeit";
        using var right = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString.Replace("esdb://", "esdb://admin:changeit@", StringComparison.Ordinal)), Timeout);
        using var wrong = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString.Replace("esdb://", "esdb://admin:wrong@", StringComparison.Ordinal)), Timeout);

        Assert.Empty(await ReadAsync(right));
        Assert.Equal(GrpcStatus.Unauthenticated, (await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(wrong))).Status);
        var error = Assert.Throws<IOException>(() => new EventStoreDbEventStore(EventStoreDbAddress.Parse(server.ConnectionString), TimeProvider.System));
        Assert.Contains("401", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_time_is_given_up()
    {
        await using var server = await EventStoreDbStandIn.StartAsync();
        server.Pause();
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString + "&defaultDeadline=100"), Timeout);

        var error = await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(client));
        Assert.Equal((GrpcStatus.DeadlineExceeded, true), (error.Status, error.IsLost));
    }

    [Fact]
    public async Task Created_is_counted_in_100_ns()
    {
        await using var server = await EventStoreDbStandIn.StartAsync();
        var then = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero).AddTicks(1_234_567);
        server.Now = () => then;
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString), Timeout);
        await client.AppendAsync("s-1", -1, [EventStoreDbClient.Event(Guid.NewGuid(), "t", isJson: false, [], [])], Ct);

        Assert.Equal(then, EventStoreDbClient.CreatedAt(Assert.Single(await ReadAsync(client)).Event));
    }

    [Fact]
    public async Task A_wrong_expected_version_is_a_result()
    {
        await using var server = await EventStoreDbStandIn.StartAsync();
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString), Timeout);
        ProposedEvent[] events = [EventStoreDbClient.Event(Guid.NewGuid(), "t", isJson: false, [], [])];

        Assert.Equal(new AppendOutcome(false, -1), await client.AppendAsync("s-1", 7, events, Ct));
        Assert.Equal(new AppendOutcome(true, 0), await client.AppendAsync("s-1", -1, events, Ct));
        Assert.Equal(new AppendOutcome(true, 0), await client.AppendAsync("s-1", -1, events, Ct)); // the same once more
        Assert.Equal(new AppendOutcome(false, 0), await client.AppendAsync("s-1", -1, [EventStoreDbClient.Event(Guid.NewGuid(), "t", isJson: false, [], [])], Ct));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // a server before 21.10
    public async Task Many_appends_are_made_with_and_without_the_batch_call(bool hasBatchAppend)
    {
        await using var server = await EventStoreDbStandIn.StartAsync();
        server.HasBatchAppend = hasBatchAppend;
        server.Tombstone("s-gone");
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString), Timeout);
        static StreamAppend Append(string stream, long? expected) => new(stream, expected, [EventStoreDbClient.Event(Guid.NewGuid(), "t", isJson: false, [], [])]);

        for (var round = 0; round < 2; round++)
        {
            var outcomes = await client.AppendManyAsync([.. Enumerable.Range(0, 100).Select(i => Append($"s-{i}", round - 1)), Append("s-gone", null), Append("s-1", 70)], Ct);

            Assert.Equal([.. Enumerable.Repeat<AppendOutcome?>(new(true, round), 100), null, new AppendOutcome(false, round)], outcomes);
        }
        Assert.Equal(hasBatchAppend ? 2 : 1, server.Calls("BatchAppend"));
    }

    [Fact]
    public async Task A_follower_sends_its_callers_to_the_leader()
    {
        await using var leader = await EventStoreDbStandIn.StartAsync();
        await using var follower = await EventStoreDbStandIn.StartAsync();
        follower.LeaderPort = leader.Port;
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(follower.ConnectionString), Timeout);

        await client.AppendAsync("s-1", -1, [EventStoreDbClient.Event(Guid.NewGuid(), "t", isJson: false, [], [])], Ct);
        Assert.Single(await ReadAsync(client));

        Assert.Equal((1, 1, 0), (leader.Count("s-1"), follower.Calls("Append"), follower.Calls("Read"))); // asked once, then it is known
    }

    [Fact]
    public async Task A_cluster_is_asked_for_its_leader_and_one_node_may_be_down()
    {
        await using var leader = await EventStoreDbStandIn.StartAsync();
        await using var follower = await EventStoreDbStandIn.StartAsync();
        follower.LeaderPort = leader.Port;
        var down = await EventStoreDbStandIn.StartAsync();
        await down.DisposeAsync();
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse($"esdb://127.0.0.1:{down.Port},127.0.0.1:{follower.Port}?tls=false"), Timeout);

        await client.AppendAsync("s-1", -1, [EventStoreDbClient.Event(Guid.NewGuid(), "t", isJson: false, [], [])], Ct);

        Assert.Equal((1, 0), (leader.Count("s-1"), follower.Calls("Append")));
    }

    [Fact]
    public async Task A_certificate_is_checked_against_the_CA_file()
    {
        using var directory = new TemporaryDirectory();
        var (ca, certificate) = TestCertificates.Create("127.0.0.1");
        var (other, _) = TestCertificates.Create("127.0.0.1");
        await using var server = await EventStoreDbStandIn.StartAsync(certificate);
        string File(string name, string pem)
        {
            var path = Path.Combine(directory.Path, name);
            System.IO.File.WriteAllText(path, pem);
            return Uri.EscapeDataString(path);
        }

        using var trusting = new EventStoreDbClient(EventStoreDbAddress.Parse($"{server.ConnectionString}&tlsCaFile={File("ca.pem", ca)}"), Timeout);
        using var distrusting = new EventStoreDbClient(EventStoreDbAddress.Parse($"{server.ConnectionString}&tlsCaFile={File("other.pem", other)}"), Timeout);
        using var strict = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString), Timeout);
        using var careless = new EventStoreDbClient(EventStoreDbAddress.Parse($"{server.ConnectionString}&tlsVerifyCert=false"), Timeout);

        Assert.Empty(await ReadAsync(trusting));
        Assert.Empty(await ReadAsync(careless));
        Assert.Equal(GrpcStatus.Unavailable, (await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(distrusting))).Status);
        Assert.Equal(GrpcStatus.Unavailable, (await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(strict))).Status);
    }

    private static Task<List<ReadEvent>> ReadAsync(EventStoreDbClient client) => client.ReadAsync("s-1", 0, backwards: false, 10, resolveLinks: false, long.MaxValue, Ct);
}
