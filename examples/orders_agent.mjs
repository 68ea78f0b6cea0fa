#!/usr/bin/env node
// Orders, in Node.js: takes {sku, quantity, warehouse}, asks for stock and price through its own
// Parley node, and answers whether and for how much the order can be filled. It passes the headers
// of the call on, so that deadlines shrink, traces join and cycles are found.
import http from 'node:http';
import { parseArgs } from 'node:util';

const usage = `usage: orders_agent.mjs --node http://127.0.0.1:7401 [--port 0]
POST /order {"sku": "A01-00", "quantity": 3, "warehouse": "A", "country": "FR"}`;
const passedOn = ['parley-call', 'parley-deadline', 'traceparent', 'tracestate', 'baggage'];

let options;
try {
  ({ values: options } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      node: { type: 'string', default: `http://${process.env.PARLEY_API ?? '127.0.0.1:7401'}` },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }));
} catch (error) {
  console.error(`${error.message}\n${usage}`);
  process.exit(2);
}
if (options.help) {
  console.log(usage);
  process.exit(0);
}

const connections = new http.Agent({ keepAlive: true });

// One call through the mesh: the capability's JSON answer, or an error that says what failed.
function call(capability, fields, headers) {
  return new Promise((resolve, reject) => {
    const target = new URL(`/call/${capability}?${new URLSearchParams(fields)}`, options.node);
    const request = http.get(target, { agent: connections, headers }, async (answer) => {
      try {
        let text = '';
        for await (const part of answer.setEncoding('utf8')) text += part;
        const body = JSON.parse(text);
        if (answer.statusCode === 200) return resolve(body);
        reject(Object.assign(new Error(`${capability}: ${body.error ?? body.detail ?? text}`),
          { status: answer.statusCode }));
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject);
  });
}

async function order(fields, headers) {
  const quantity = Number(fields.quantity ?? 1);
  const warehouse = fields.warehouse ?? 'A';
  const [stock, price] = await Promise.all([
    call('inventory.lookup', { sku: fields.sku ?? '', warehouse }, headers),
    call('pricing.quote',
      { sku: fields.sku ?? '', quantity, country: fields.country ?? 'DE' }, headers),
  ]);
  const available = stock.stock[warehouse];
  return { sku: stock.sku, name: stock.name, quantity, warehouse, available,
    accepted: available >= quantity, gross_eur: price.gross_eur };
}

function reply(response, status, value) {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

const server = http.createServer(async (request, response) => {
  const target = new URL(request.url, 'http://agent');
  if (target.pathname === '/healthz') return reply(response, 200, { ok: true });
  if (!['/', '/order'].includes(target.pathname)) {
    return reply(response, 404, { error: `no ${target.pathname} here; there is /order` });
  }
  try {
    let text = '';
    for await (const part of request.setEncoding('utf8')) text += part;
    const query = Object.fromEntries(target.searchParams);
    const fields = { ...query, ...(text ? JSON.parse(text) : {}) };
    const headers = Object.fromEntries(
      passedOn.map((name) => [name, request.headers[name]]).filter(([, value]) => value));
    reply(response, 200, await order(fields, headers));
  } catch (error) {
    const status = error.status ?? (error instanceof SyntaxError ? 400 : 502);
    reply(response, status, { error: error.message });
  }
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
server.keepAliveTimeout = 75_000;
server.listen(Number(options.port), '127.0.0.1', () => console.log(server.address().port));
