// A server on Node's own HTTP engine that says what it read: one header field, `Seen`, hexadecimal JSON.
// Prints its port. Ends with its standard input.

import http from 'node:http';

const seen = (req, body) => JSON.stringify({
  method: req.method,
  target: req.url,
  fields: Array.from({ length: req.rawHeaders.length / 2 }, (_, i) => req.rawHeaders.slice(2 * i, 2 * i + 2)),
  body: body.toString('latin1'),
});

const server = http.createServer({ maxHeaderSize: 256 * 1024, keepAliveTimeout: 60_000 }, (req, res) => {
  const pieces = [];
  req.on('data', (piece) => pieces.push(piece));
  req.on('error', () => {});
  req.on('end', () => {
    res.setHeader('Seen', Buffer.from(seen(req, Buffer.concat(pieces))).toString('hex'));
    res.setHeader('Content-Length', 0);
    res.end();
  });
});
server.maxHeadersCount = 0;
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
