// The AWS SDK for JavaScript and a refusal: `node outcome.mjs MODULES create|head BUCKET` prints "done", or the error's message and,
// in its last line, what the gateway says of it in fields.
import { createRequire } from 'node:module';

const [modules, verb, Bucket] = process.argv.slice(2);
const { S3Client, CreateBucketCommand, HeadBucketCommand } = createRequire(`${modules}/`)('@aws-sdk/client-s3');
const client = new S3Client({ endpoint: process.env.AWS_ENDPOINT_URL, forcePathStyle: true });
const Command = { create: CreateBucketCommand, head: HeadBucketCommand }[verb];
let fields;
client.middlewareStack.add(
  (next) => async (args) => {
    const answer = await next(args);
    fields = answer.response.headers;
    return answer;
  },
  { step: 'deserialize', priority: 'low' },
);
try {
  await client.send(new Command({ Bucket }));
  console.log('done');
} catch (error) {
  console.log(error.message);
  console.log(`${fields['x-trio-gate-outcome']} ${fields['x-trio-gate-reason'] ?? ''}`);
}
