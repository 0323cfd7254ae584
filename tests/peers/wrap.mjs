// A third implementation of the wrap alone, on @hpke/core.
//
// node wrap.mjs check FOLDER   opens the wrap of every vector that should open, and fails on those that should not
// node wrap.mjs make FILE      seals a wrap to a fresh prekey
import {createHash, createHmac, randomBytes} from 'node:crypto';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {CipherSuite, HkdfSha256} from '@hpke/core';
import {Chacha20Poly1305} from '@hpke/chacha20poly1305';
import {XWing} from '@hpke/hybridkem-x-wing';

const suite = new CipherSuite({kem: new XWing(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305()});
const WRAP_PLAIN = 32 + 2 + 16 * 32;
const sha256 = (data) => createHash('sha256').update(data).digest();
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
const hex = (text) => Buffer.from(text, 'hex');
const base64 = (text) => Buffer.from(text, 'base64');

function frame(label, body) {
  const text = Buffer.from(`causeway/v1 ${label}`);
  return Buffer.concat([Buffer.from([0x19, text.length]), text, Buffer.from([1, 0]), u64(body.length), body]);
}
const h = (label, body) => sha256(frame(label, body));

// device 32 | prekey 8 | kind 1 | u64 length, enc | u64 length, ct
function readWrap(bytes) {
  const encLength = Number(bytes.readBigUInt64LE(41));
  return {
    device: bytes.subarray(0, 32), prekey: bytes.subarray(32, 40), kind: bytes.subarray(40, 41),
    enc: bytes.subarray(49, 49 + encLength), ct: bytes.subarray(57 + encLength),
  };
}

function wrapInfo(v, wrap) {
  const envelope = h('envelope-id', Buffer.concat([hex(v.outer), sha256(base64(v.body))]));
  const bound = Buffer.concat(
    [envelope, hex(v.my_org), wrap.device, wrap.prekey, wrap.kind, sha256(base64(v.prekey_public))]);
  return frame('seal', h('seal', bound));
}

// The body's commitment proves that the key in the wrap is the right one.
function commits(v, key) {
  const body = base64(v.body);
  const info = Buffer.concat([Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_CHACHA20_POLY1305\0'),
    body.subarray(0, 24), h('body-ctx', hex(v.outer))]);
  const first = createHmac('sha512', key).update(info).update('\x01').digest();
  const second = createHmac('sha512', key).update(first).update(info).update('\x02').digest();
  return Buffer.concat([first, second]).subarray(44, 76).equals(body.subarray(24, 56));
}

async function open(v) {
  const wrap = readWrap(base64(v.wrap));
  const recipientKey = await suite.kem.deserializePrivateKey(hex(v.seed));
  const recipient = await suite.createRecipientContext({recipientKey, enc: wrap.enc, info: wrapInfo(v, wrap)});
  return Buffer.from(await recipient.open(wrap.ct));
}

async function check(folder) {
  let [opened, refused] = [0, 0];
  for (const name of readdirSync(folder)) {
    const v = JSON.parse(readFileSync(join(folder, name)));
    if (v.expect === 'Ok') {
      const keys = await open(v);
      if (keys.length !== WRAP_PLAIN || !commits(v, keys.subarray(0, 32))) throw new Error(`${name}: other keys`);
      opened += 1;
    } else if (v.expect === 'Wrap' || v.expect === 'LowOrder') {
      if (await open(v).then(() => true, () => false)) throw new Error(`${name} opens`);
      refused += 1;
    }
  }
  console.log(`${opened} opened, ${refused} refused`);
  if (opened === 0) process.exit(1);
}

async function make(file) {
  const pair = await suite.kem.generateKeyPair();
  const [info, plain] = [randomBytes(60), randomBytes(WRAP_PLAIN)];
  const sender = await suite.createSenderContext({recipientPublicKey: pair.publicKey, info});
  const ct = await sender.seal(plain);
  const text = (bytes) => Buffer.from(bytes).toString('base64');
  const vector = {
    about: 'sealed by the JavaScript peer',
    seed: Buffer.from(await suite.kem.serializePrivateKey(pair.privateKey)).toString('hex'),
    public: text(await suite.kem.serializePublicKey(pair.publicKey)),
    info: info.toString('hex'), enc: text(sender.enc), ct: text(ct), plain: text(plain),
  };
  writeFileSync(file, JSON.stringify(vector, null, 2) + '\n');
}

await {check, make}[process.argv[2]](process.argv[3]);
