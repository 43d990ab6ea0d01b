// Calls with a clock that is off by MINUTES: `node clock.cjs MODULES 2|3 MINUTES [heal]` prints, as JSON by service, "ok" or the code of the error.
// `heal` lets version 2 of the SDK mend its clock; version 3 always does.
const [modules, version, minutes, heal] = process.argv.slice(2);
const off = Number(minutes) * 60_000;
const Right = Date;
globalThis.Date = class extends Right {
  constructor(...given) {
    super(...(given.length ? given : [Right.now() + off]));
  }

  static now() {
    return Right.now() + off;
  }
};
const load = require('node:module').createRequire(`${modules}/`);
const common = { endpoint: process.env.AWS_ENDPOINT_URL };
const Bucket = 'staging-data';

function old() {
  process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1';
  const AWS = load('aws-sdk');
  const made = (Client, more) => new Client({ ...common, correctClockSkew: Boolean(heal), ...more });
  return {
    s3: made(AWS.S3, { s3ForcePathStyle: true }).listObjectsV2({ Bucket }),
    dynamodb: made(AWS.DynamoDB).listTables(),
    sts: made(AWS.STS).getCallerIdentity(),
    ec2: made(AWS.EC2).describeRegions(),
    lambda: made(AWS.Lambda).listFunctions(),
    route53: made(AWS.Route53).listHostedZones(),
  };
}

function current() {
  const { S3Client, ListObjectsV2Command } = load('@aws-sdk/client-s3');
  const { DynamoDBClient, ListTablesCommand } = load('@aws-sdk/client-dynamodb');
  const { STSClient, GetCallerIdentityCommand } = load('@aws-sdk/client-sts');
  const calls = {
    s3: [new S3Client({ ...common, forcePathStyle: true }), new ListObjectsV2Command({ Bucket })],
    dynamodb: [new DynamoDBClient(common), new ListTablesCommand({})],
    sts: [new STSClient(common), new GetCallerIdentityCommand({})],
  };
  return Object.fromEntries(Object.entries(calls).map(([name, [client, command]]) => [name, { promise: () => client.send(command) }]));
}

(async () => {
  const said = {};
  for (const [name, request] of Object.entries(version === '2' ? old() : current())) {
    said[name] = await request.promise().then(() => 'ok', (error) => error.code ?? error.name);
  }
  console.log(JSON.stringify(said));
})();
