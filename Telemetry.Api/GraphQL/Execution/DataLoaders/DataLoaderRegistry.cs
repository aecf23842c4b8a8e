namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Makes loaders: by a registered factory, or by their constructor with the request's services.</summary>
internal sealed class DataLoaderRegistry
{
    private readonly Dictionary<Type, Func<IServiceProvider, IBatchScheduler, DataLoaderOptions, IDataLoader>> _factories = [];

    /// <exception cref="ArgumentException">There is a loader for the type already.</exception>
    public void Add(Type type, Func<IServiceProvider, IBatchScheduler, DataLoaderOptions, IDataLoader> factory) => _factories.Add(type, factory);

    public IDataLoader Create(Type type, IServiceProvider services, IBatchScheduler scheduler, DataLoaderOptions options)
    {
        if (_factories.TryGetValue(type, out var factory))
            return factory(services, scheduler, options);
        if (type.IsInterface)
            throw new InvalidOperationException($"No data loader is registered for {type}.");
        return (IDataLoader)ActivatorUtilities.CreateInstance(new LoaderServices(services, scheduler, options), type);
    }

    private sealed class LoaderServices(IServiceProvider services, IBatchScheduler scheduler, DataLoaderOptions options) : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType == typeof(IBatchScheduler) ? scheduler
            : serviceType == typeof(DataLoaderOptions) ? options
            : services.GetService(serviceType);
    }
}
