// Data channels alone: a connection without media between a real browser and a program, the offer made by either.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Browser, kinds } from './browsers.mjs';
import { within } from './deadline.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = process.env.FRAMEWIRE_CHANNELS ?? `${root}target/debug/examples/channels`;

// What a channel may be made from, by the names of the browser's own dictionary.
const shapes = {
  'plain': {},
  'with a subprotocol': { protocol: 'results/1' },
  'unordered': { ordered: false },
  'without further tries': { maxRetransmits: 0 },
  'for so long': { ordered: false, maxPacketLifeTime: 2000 },
  'negotiated': { negotiated: true, id: 7 },
};

for (const kind of Object.keys(kinds)) {
  describe(`${kind} exchanges messages`, { timeout: 300_000 }, () => {
    let child, lines, browser, tab;

    before(async () => {
      child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
      lines = createInterface({ input: child.stdout });
      browser = await Browser.launch(kind);
      tab = await browser.open('about:blank');
      await tab.expose('ask', async (asked) => {
        const said = once(lines, 'line');
        child.stdin.write(`${JSON.stringify(asked)}\n`);
        return JSON.parse((await within(20_000, 'what the program says', said))[0]);
      });
    });

    after(async () => {
      await browser?.close();
      child.stdin.end();
      const [code] = await within(5000, 'the program to end', once(child, 'exit'));
      assert.equal(code, 0);
    });

    for (const offers of ['browser', 'program']) {
      for (const [name, options] of Object.entries(shapes)) {
        test(`the ${offers} offers, a channel ${name}`, { timeout: 30_000 }, async () => {
          const seen = await tab.evaluate(exchange, { offers, options });
          for (const { label, problems } of seen.channels) assert.deepEqual(problems, [], label);
          const labels = options.negotiated ? ['agreed'] : ['of the browser', 'of the program'];
          assert.deepEqual(seen.channels.map(({ label }) => label).sort(), labels);
          for (const channel of seen.channels) {
            assert.equal(channel.protocol, options.protocol ?? '');
            assert.equal(channel.ordered, options.ordered ?? true);
            assert.equal(channel.maxRetransmits, options.maxRetransmits ?? null);
            assert.equal(channel.maxPacketLifeTime, options.maxPacketLifeTime ?? null);
          }
          assert.match(seen.remote, /^m=application /m);
          assert.doesNotMatch(seen.remote, /^m=(audio|video) /m);
        });
      }
    }
  });
}

/** In the page: a connection with a channel of each side, or one that both agreed on, and echoes on all of them. */
async function exchange({ offers, options }) {
  const pc = new RTCPeerConnection();
  const channels = [];
  const agreed = options.negotiated;
  const mine = agreed ? 'agreed' : 'of the browser';
  const theirs = { label: agreed ? 'agreed' : 'of the program', ...options };
  const add = (channel) => channels.push(talk(channel));
  const arrived = agreed || new Promise((resolve) => (pc.ondatachannel = ({ channel }) => resolve(add(channel))));
  add(pc.createDataChannel(mine, options));

  if (offers === 'browser') {
    await pc.setLocalDescription();
    await gathered();
    const { answer } = await ask({ offer: pc.localDescription.sdp, channels: [theirs] });
    await pc.setRemoteDescription({ type: 'answer', sdp: answer });
  } else {
    const { offer } = await ask({ channels: [theirs] });
    await pc.setRemoteDescription({ type: 'offer', sdp: offer });
    await pc.setLocalDescription();
    await gathered();
    await ask({ answer: pc.localDescription.sdp });
  }
  await arrived;
  const seen = { channels: await Promise.all(channels), remote: pc.remoteDescription.sdp };
  pc.close();
  return seen;

  function gathered() {
    return pc.iceGatheringState === 'complete' || new Promise((resolve) => {
      pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve();
    });
  }

  async function talk(channel) {
    channel.binaryType = 'arraybuffer';
    if (channel.readyState !== 'open') await new Promise((resolve) => (channel.onopen = resolve));
    const binary = (bytes) => Uint8Array.from({ length: bytes }, (_, n) => n * 7 + (n >> 8)).buffer;
    const small = ['h\u00e9llo \u{1f600}', '', binary(1), binary(0), binary(1000)];
    const large = ['x'.repeat(100_000), binary(65_537), binary(262_144)];
    const lossy = channel.maxRetransmits === 0; // of many packets one may be lost even here, and then so is the message
    const problems = [];
    const same = (a, b) => typeof a === 'string' || typeof b === 'string' ? a === b
      : a.byteLength === b.byteLength && new Uint8Array(a).every((byte, n) => byte === new Uint8Array(b)[n]);
    for (const message of lossy ? small : [...small, ...large]) { // one at a time, so that order does not matter
      const echoed = new Promise((resolve) => {
        channel.onmessage = ({ data }) => (same(data, message) || !lossy) && resolve(same(data, message));
      });
      const again = lossy && setInterval(() => channel.send(message), 500);
      channel.send(message);
      if (!(await echoed)) problems.push(`${typeof message} of ${message.length ?? message.byteLength}`);
      clearInterval(again);
    }
    const { label, protocol, ordered, maxRetransmits, maxPacketLifeTime } = channel;
    return { label, protocol, ordered, maxRetransmits, maxPacketLifeTime, problems };
  }
}
