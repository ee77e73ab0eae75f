// SPDX-License-Identifier: Apache-2.0
//
// What a Lambda author writes with the usual packages: the new image of each record of a Kinesis event replaces the
// document of its key, all in one unordered bulk write. No version guard and no tombstones: less work than dynatlas does.
//
// The ways to read numbers, sets and binaries are the fastest we found that give the right answer (bench/node/convert.mjs).

import { unmarshall } from '@aws-sdk/util-dynamodb';
import { MongoClient } from 'mongodb';

Set.prototype.toBSON = function () { return [...this]; };

const options = { wrapNumbers: Number };
const twice = (text) => Buffer.from(Buffer.from(text, 'base64').toString('latin1'), 'base64');

const client = new MongoClient(process.env.MONGODB_URI);
await client.connect();
const database = client.db('dynamodb');

function decodeBinaries(value) {
  if (value.B !== undefined) value.B = twice(value.B);
  else if (value.M !== undefined) decodeAttributes(value.M);
  else if (value.L !== undefined) value.L.forEach(decodeBinaries);
  else if (value.BS !== undefined) value.BS = value.BS.map(twice);
}

function decodeAttributes(attributes) {
  for (const name in attributes) decodeBinaries(attributes[name]);
}

function decode(attributes) {
  decodeAttributes(attributes);
  return unmarshall(attributes, options);
}

function keyOf(keys) {
  const values = Object.values(keys);
  return values.length === 1 ? values[0] : keys;
}

function operationOf({ eventName, dynamodb }) {
  const _id = keyOf(decode(dynamodb.Keys));
  if (eventName === 'REMOVE') return { deleteOne: { filter: { _id } } };
  return { replaceOne: { filter: { _id }, replacement: { _id, ...decode(dynamodb.NewImage) }, upsert: true } };
}

export async function handler(event) {
  const operations = new Map(); // of each table
  for (const record of event.Records) {
    const change = JSON.parse(Buffer.from(record.kinesis.data, 'base64').toString());
    const ofTable = operations.get(change.tableName);
    if (ofTable) ofTable.push(operationOf(change));
    else operations.set(change.tableName, [operationOf(change)]);
  }
  for (const [table, ofTable] of operations) await database.collection(table).bulkWrite(ofTable, { ordered: false });
  return { batchItemFailures: [] };
}
