// SPDX-License-Identifier: Apache-2.0
//
// What a Lambda author writes with the usual packages: node convert.mjs kinesis|export FILE > documents.bson
//
// Each choice is the fastest we found that gives the right answer: numbers become doubles by one function call (the
// package's own way makes a BigInt of a large integer and refuses a large decimal), sets become arrays when they are
// serialised. The walk for binaries, which unmarshall() would leave as base64 text, costs less than looking first
// whether there are any, and no more than leaving it out. No `_id` is added.

import { readFileSync, writeSync } from 'node:fs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as BSON from 'bson';

Set.prototype.toBSON = function () { return [...this]; };

const options = { wrapNumbers: Number };
const once = (text) => Buffer.from(text, 'base64');
const twice = (text) => Buffer.from(Buffer.from(text, 'base64').toString('latin1'), 'base64');

function decodeBinaries(value, decode) {
  if (value.B !== undefined) value.B = decode(value.B);
  else if (value.M !== undefined) decodeAttributes(value.M, decode);
  else if (value.L !== undefined) for (const element of value.L) decodeBinaries(element, decode);
  else if (value.BS !== undefined) value.BS = value.BS.map(decode);
}

function decodeAttributes(attributes, decode) {
  for (const name in attributes) decodeBinaries(attributes[name], decode);
}

function convert(json, imageOf, decode) {
  const image = imageOf(JSON.parse(json));
  decodeAttributes(image, decode);
  write(BSON.serialize(unmarshall(image, options)));
}

const forms = {
  kinesis(line) {
    for (const record of JSON.parse(line).Records) {
      convert(Buffer.from(record.kinesis.data, 'base64').toString(), (change) => change.dynamodb.NewImage, twice);
    }
  },
  export(line) {
    convert(line, (exported) => exported.Item, once);
  },
};

const out = Buffer.allocUnsafe(1 << 20);
let used = 0;

function writeAll(bytes) {
  for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done);
}

function flush() {
  writeAll(out.subarray(0, used));
  used = 0;
}

function write(document) {
  if (used + document.length > out.length) flush();
  if (document.length > out.length) return writeAll(document);
  out.set(document, used);
  used += document.length;
}

const [, , form, path] = process.argv;
const input = readFileSync(path);
for (let start = 0; start < input.length;) {
  let end = input.indexOf(10, start);
  if (end < 0) end = input.length;
  if (end > start) forms[form](input.toString('utf8', start, end));
  start = end + 1;
}
flush();
