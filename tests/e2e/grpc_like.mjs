// Both ends of a call as gRPC makes it, with Node.js's own HTTP/2: POST over h2c, length-prefixed
// messages in both directions, status in trailers.
//   grpc_like.mjs agent                     prints its port; echoes each message
//   grpc_like.mjs call http://IP:PORT/PATH  sends three messages, prints what came back as JSON
//   grpc_like.mjs burst URL                 100 GETs at once on one connection, prints the answers
import http2 from 'node:http2';

const framed = (text) => {
  const message = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

function agent() {
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    const head = { 'content-type': 'application/grpc', 'x-path': headers[':path'] };
    stream.respond({ ':status': 200, ...head }, { waitForTrailers: true });
    const trailers = { 'grpc-status': '0', 'grpc-message': 'ok' };
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('data', (chunk) => stream.write(chunk));
    stream.on('end', () => stream.end());
    stream.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

function call(url) {
  const target = new URL(url);
  const client = http2.connect(target.origin);
  const stream = client.request({
    ':method': 'POST', ':path': target.pathname, 'content-type': 'application/grpc',
    te: 'trailers', 'grpc-timeout': '5S',
  });
  const result = { messages: '' };
  const waiting = ['one', 'two', 'three'];
  stream.on('response', (headers) => {
    result.status = headers[':status'];
    result.type = headers['content-type'];
    result.path = headers['x-path'];
  });
  stream.on('trailers', (trailers) => { result.trailers = { ...trailers }; });
  // Each message leaves only when the one before came back: both directions are open at once.
  stream.on('data', (chunk) => {
    result.messages += chunk.subarray(5).toString() + ' ';
    const next = waiting.shift();
    if (next) stream.write(framed(next)); else stream.end();
  });
  stream.on('end', () => {
    console.log(JSON.stringify(result));
    client.close();
  });
  for (const failing of [stream, client]) {
    failing.on('error', (error) => {
      console.error(error.message);
      process.exit(1);
    });
  }
  stream.write(framed(waiting.shift()));
}

function burst(url) {
  const target = new URL(url);
  const client = http2.connect(target.origin);
  const answers = {};
  let left = 100;
  for (let number = 0; number < 100; number += 1) {
    const stream = client.request({ ':path': `${target.pathname}?n=${number}` });
    let status = 0;
    let body = '';
    stream.on('response', (headers) => { status = headers[':status']; });
    stream.setEncoding('utf8');
    stream.on('data', (text) => { body += text; });
    stream.on('error', () => { body = 'error'; });
    stream.on('close', () => {
      answers[`${status} ${body}`] = (answers[`${status} ${body}`] ?? 0) + 1;
      left -= 1;
      if (left > 0) return;
      console.log(JSON.stringify(answers));
      client.close();
    });
  }
}

const [mode, url] = process.argv.slice(2);
if (mode === 'agent') agent();
else if (mode === 'burst') burst(url);
else call(url);
