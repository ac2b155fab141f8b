// Tells the time and where it runs. PORT and HOST are given by the unit.
const http = require('http');
const os = require('os');

const server = http.createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (request.url === '/healthz') return response.end('ok\n');
  response.end(`${process.env.GREETING} ${new Date().toISOString()} on ${os.hostname()}\n`);
});

server.listen(Number(process.env.PORT), process.env.HOST || '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
