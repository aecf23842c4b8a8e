using System.Runtime.CompilerServices;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.Tests.GraphQL;

// A schema in C# with one of everything that the code-first layer knows.

/// <summary>Something to read.</summary>
[InterfaceType]
internal interface IPublication
{
    /// <summary>As on the cover.</summary>
    string Title { get; }
}

/// <summary>How a <see cref="Book"/> is bound.</summary>
internal enum Binding
{
    /// <summary>With a stiff cover.</summary>
    HardCover,

    [GraphQLDeprecated("Nobody buys it.")]
    Paperback,
}

/// <summary>A book of the shop.</summary>
/// <param name="Key">Within the shop.</param>
/// <param name="Title">As on the cover.</param>
/// <param name="AuthorKey">Who wrote it.</param>
/// <param name="Pages">Without the cover.</param>
[Node(IdField = nameof(Key))]
internal sealed record Book(int Key, string Title, [property: GraphQLIgnore] int AuthorKey, int? Pages = null) : IPublication, ISearchResult
{
    public Binding Binding => Binding.HardCover;

    public IReadOnlyList<string?> Tags => ["a", null];

    public DateTimeOffset PrintedAt => new(2026, 1, 2, 3, 4, 5, 600, TimeSpan.FromHours(1));

    [NodeResolver]
    public static Book? Find(int key, [Service] Shop shop) => shop.Books.FirstOrDefault(b => b.Key == key);
}

internal sealed record Journal(string Title, long Issue) : IPublication, ISearchResult;

[UnionType("SearchResult")]
internal interface ISearchResult;

internal sealed record Author(int Key, string Name);

internal sealed class Shop
{
    public List<Book> Books { get; } = [.. Enumerable.Range(1, 20).Select(i => new Book(i, $"Book {i}", i % 3, i == 1 ? null : i * 10))];

    public List<int[]> AuthorReads { get; } = [];

    public List<string> Log { get; } = [];
}

internal sealed class AuthorByKey(Shop shop, IBatchScheduler scheduler, DataLoaderOptions options) : BatchDataLoader<int, Author>(scheduler, options)
{
    protected override async Task<IReadOnlyDictionary<int, Author>> LoadBatchAsync(IReadOnlyList<int> keys, CancellationToken ct)
    {
        await Task.Yield();
        lock (shop)
            shop.AuthorReads.Add([.. keys.Order()]);
        return keys.Where(k => k < 100).ToDictionary(k => k, k => new Author(k, $"Author {k}"));
    }
}

[ExtendObjectType<Author>(IgnoreProperties = [nameof(Author.Key)])]
internal static class AuthorFields
{
    /// <summary>The author's teacher, by a second loader call.</summary>
    public static Task<Author?> GetTeacherAsync([Parent] Author author, AuthorByKey authors) => authors.LoadAsync(author.Key + 10);
}

[ObjectType<Book>]
internal static class BookFields
{
    public static async Task<Author> GetAuthorAsync([Parent] Book book, AuthorByKey authors, CancellationToken ct) =>
        await authors.LoadRequiredAsync(book.AuthorKey, ct);

    public static Task<int> GetSquareAsync([Parent] Book book, IDataLoader<int, int> squares) => squares.LoadAsync(book.Key)!;

    [DataLoader]
    public static Task<IReadOnlyDictionary<int, int>> SquaresAsync(IReadOnlyList<int> keys, Shop shop, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        lock (shop)
            shop.Log.Add($"squares of {keys.Count}");
        return Task.FromResult<IReadOnlyDictionary<int, int>>(keys.ToDictionary(k => k, k => k * k));
    }
}

/// <summary>Which books.</summary>
internal sealed record BookFilterInput
{
    public Optional<string?> Title { get; init; }

    public IReadOnlyList<Binding>? Bindings { get; init; }

    [ID(nameof(Book))]
    public int? Id { get; init; }

    public IReadOnlyList<BookFilterInput>? And { get; init; }

    public TimeSpan? Age { get; init; }
}

[OneOf]
internal sealed record BookByInput([property: ID(nameof(Book))] int? Id, string? Title);

internal sealed record AddBookInput(string Title, int Pages = 100, Binding Binding = Binding.HardCover);

internal sealed class TooManyPagesException(int pages) : Exception($"{pages} pages are too many.")
{
    public int Pages { get; } = pages;
}

/// <summary>There is a book of the title.</summary>
internal sealed record TitleTakenError(string Message, string Title)
{
    public static TitleTakenError CreateErrorFrom(InvalidOperationException e) => new(e.Message, "taken");
}

/// <summary>Where reading begins.</summary>
[QueryType]
internal static class BookQueries
{
    /// <summary>The books.</summary>
    /// <param name="where">Only those.</param>
    [UsePaging(IncludeTotalCount = true, MaxPageSize = 15, DefaultPageSize = 5)]
    public static Connection<Book> GetBooks(PagingArguments page, Shop shop, BookFilterInput? where = null)
    {
        var books = shop.Books.Where(b => where?.Id is null || b.Key == where.Id).ToList();
        if (where?.Title.HasValue == true)
            books = [.. books.Where(b => b.Title == where.Title.Value)];
        var after = page.After is null ? 0 : books.FindIndex(b => b.Key.ToString() == page.After) + 1;
        var items = books.Skip(after).Take(page.First ?? page.Last ?? 0).ToList();
        return new(
            [.. items.Select(b => new Edge<Book>(b, b.Key.ToString()))],
            new(after + items.Count < books.Count, after > 0, items.FirstOrDefault()?.Key.ToString(), items.LastOrDefault()?.Key.ToString()),
            books.Count);
    }

    public static Book? GetBook(BookByInput by, Shop shop) => shop.Books.FirstOrDefault(b => b.Key == by.Id || b.Title == by.Title);

    public static IEnumerable<ISearchResult> Search(string text, Shop shop, int limit = 3) =>
        [.. shop.Books.Where(b => b.Title.Contains(text)).Take(limit), new Journal(text, 1L << 40)];

    public static async ValueTask<IReadOnlyList<IPublication>> PublicationsAsync()
    {
        await Task.Yield();
        return [new Book(1, "B", 1), new Journal("J", 2)];
    }

    [Authorize("librarians")]
    public static string? Secret() => "hidden";

    public static string Who([GlobalState] string user, IResolverContext context) => $"{user} at {context.Path}";

    public static string Fails(bool known = false) => known
        ? throw new GraphQLException(ErrorBuilder.New().SetMessage("It is known.").SetCode("KNOWN").SetExtension("n", 7).Build())
        : throw new InvalidOperationException("the password is 1234");

    public static async IAsyncEnumerable<int> Counts(int to, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var i = 0; i < to; i++)
        {
            await Task.Yield();
            ct.ThrowIfCancellationRequested();
            yield return i;
        }
    }

    public static Binding[] Bindings(Binding[] given) => given;

    public static string Filtered(
        StringOperationFilterInput? text = null, FloatOperationFilterInput? number = null, DateTimeOperationFilterInput? time = null, LongOperationFilterInput? big = null,
        IdOperationFilterInput? id = null, BooleanOperationFilterInput? yes = null, EnumOperationFilterInput<Binding>? binding = null,
        ListFilterInput<BookFilterInput>? books = null, IReadOnlyList<SortEnumType>? order = null) =>
        string.Join(' ', new object?[] { text?.Eq.HasValue, text?.Eq.Value, text?.In?.Count, number?.Gt, time?.Lt?.Year, big?.Eq.Value, id?.Eq.Value, yes?.Eq.Value, binding?.In?[0], books?.Some?.Title.Value, order?[0] }
            .Select(v => FormattableString.Invariant($"{v ?? "-"}")));

    public static string Duration(TimeSpan length, Binding? binding = Binding.Paperback) => $"{length.TotalSeconds} {binding}";
}

[MutationType]
internal static class BookMutations
{
    [Error<TooManyPagesException>]
    [Error<TitleTakenError>]
    public static async Task<Book> AddBookAsync(AddBookInput input, Shop shop, ITopicEventSender sender)
    {
        if (input.Pages > 1_000)
            throw new TooManyPagesException(input.Pages);
        if (shop.Books.Any(b => b.Title == input.Title))
            throw new InvalidOperationException("taken");
        var book = new Book(shop.Books.Count + 1, input.Title, 1, input.Pages);
        shop.Books.Add(book);
        await sender.SendAsync("bookAdded", book);
        return book;
    }

    public static async Task<int> SlowlyAsync(string name, int yields, Shop shop)
    {
        shop.Log.Add($"{name} begins");
        for (var i = 0; i < yields; i++)
            await Task.Yield();
        shop.Log.Add($"{name} ends");
        return yields;
    }
}

[SubscriptionType]
internal static class BookSubscriptions
{
    [Subscribe]
    public static Book BookAdded([EventMessage] Book book) => book;

    [Subscribe(With = nameof(CountTo))]
    public static int Count([EventMessage] int n) => n == 13 ? throw new InvalidOperationException("thirteen") : n;

    public static async IAsyncEnumerable<int> CountTo(int to, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var i = 1; i <= to; i++)
        {
            await Task.Yield();
            ct.ThrowIfCancellationRequested();
            yield return i;
        }
    }
}
