// SPDX-License-Identifier: Apache-2.0
//
// Asks Lambda's runtime API for events and gives them to the handler, and does no more: AWS's own client for Node is compiled
// when it is installed, and starts slower than this.

import http from 'node:http';

const agent = new http.Agent({ keepAlive: true });
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const request = http.request({ agent, host, port, method, path: `/2018-06-01/runtime/${path}`, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

export async function serve(handler) {
  for (;;) {
    const { headers, body } = await call('GET', 'invocation/next');
    const invocation = `invocation/${headers['lambda-runtime-aws-request-id']}`;
    try {
      await call('POST', `${invocation}/response`, JSON.stringify(await handler(JSON.parse(body.toString()))));
    } catch (error) {
      await call('POST', `${invocation}/error`, JSON.stringify({ errorType: error.name, errorMessage: error.message }));
    }
  }
}
