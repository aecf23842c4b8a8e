// Runs one operation with a client library and writes each result on a line.
import { createClient as createSocketClient } from 'graphql-ws';
import { createClient as createEventsClient } from 'graphql-sse';
import WebSocket from 'ws';

const [, , kind, url, query] = process.argv;
const client = kind === 'ws'
  ? createSocketClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  : createEventsClient({ url, fetchFn: fetch, retryAttempts: 0 });
try {
  for await (const result of client.iterate({ query })) {
    process.stdout.write(JSON.stringify(result) + '\n');
  }
  process.stdout.write('complete\n');
} catch (e) {
  process.stdout.write('error ' + JSON.stringify(Array.isArray(e) ? e : String(e)) + '\n');
}
await client.dispose();
