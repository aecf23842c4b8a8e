import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';

// Beside this bundle, under names that bundle.mjs puts in.
const workers = { json: WORKER_JSON, graphql: WORKER_GRAPHQL };
globalThis.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(new URL(workers[label] ?? WORKER_EDITOR, import.meta.url)),
};

// The endpoint is the folder above the page, whatever the path base.
const url = new URL('..', location.href).href.replace(/\/$/, '');
const fetcher = createGraphiQLFetcher({ url, subscriptionUrl: url.replace(/^http/, 'ws') });
const settings = await (await fetch(`${url}/bcp-config.json`)).json();
document.title = `${settings.title} · GraphiQL`;

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL fetcher={fetcher} defaultQuery={settings.graphQLDocument} inputValueDeprecation schemaDescription />);
