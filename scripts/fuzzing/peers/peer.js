// Reads lines of "kind hex" and writes, for each, what Node's own readers make of those bytes: one line, or "refused".
'use strict';
const hex = (text) => Buffer.from(text, 'utf8').toString('hex');

function shown(value) {
  if (value === null) return 'n';
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'string') return 's' + hex(value);
  if (typeof value === 'number') {
    const bits = Buffer.alloc(8);
    bits.writeDoubleBE(value === 0 ? 0 : value);
    return 'd' + bits.toString('hex');
  }
  if (Array.isArray(value)) return '[' + value.map(shown).join(',') + ']';
  return '{' + Object.keys(value).map((name) => hex(name) + ':' + shown(value[name])).sort().join(',') + '}';
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const readers = {
  json: (raw) => shown(JSON.parse(strict.decode(raw))),
  // A question mark at the front is URLSearchParams' own and is taken off again.
  form: (raw) => 'form ' + [...new URLSearchParams('?' + strict.decode(raw))].map(([name, value]) => hex(name) + '=' + hex(value)).sort().join('&'),
};

const lines = require('fs').readFileSync(0, 'latin1').split('\n');
const out = [];
for (const line of lines) {
  if (!line) continue;
  const [kind, data] = line.split(' ');
  try {
    out.push(readers[kind](Buffer.from(data || '', 'hex')));
  } catch {
    out.push('refused');
  }
}
process.stdout.write(out.join('\n') + '\n');
