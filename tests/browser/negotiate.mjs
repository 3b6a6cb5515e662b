/** Runs in a page: makes an offer of that shape, has it answered, and says what came of it.
 *
 * With `endpoint` the offer is posted there and the session is played until media has come; with
 * `answer` that text is taken for the answer, and only whether the browser accepts it counts. */
export async function negotiate({ shape, endpoint, answer }) {
  const pc = new RTCPeerConnection();
  const receive = (kind) => pc.addTransceiver(kind, { direction: 'recvonly' });
  const camera = () => document.createElement('canvas').captureStream().getVideoTracks()[0];
  const shapes = {
    'whep': () => ['video', 'audio'].map(receive),
    'whep-dc': () => (['video', 'audio'].map(receive), pc.createDataChannel('data')),
    'whip': () => (pc.addTransceiver('audio', { direction: 'sendonly' }), pc.addTransceiver(camera(), { direction: 'sendonly' })),
    'dc': () => pc.createDataChannel('data'),
    'video': () => receive('video'),
    'audio': () => receive('audio'),
    'audio first': () => ['audio', 'video'].map(receive),
    'two videos': () => ['video', 'video'].map(receive),
    'sendrecv': () => (pc.addTransceiver(camera()), pc.addTransceiver('audio')),
    'inactive audio': () => (receive('video'), pc.addTransceiver('audio', { direction: 'inactive' })),
    'no codec of ours': () => {
      const { codecs } = RTCRtpReceiver.getCapabilities('video');
      receive('video').setCodecPreferences(codecs.filter(({ mimeType }) => !/vp8/i.test(mimeType)));
      receive('audio');
    },
  };
  shapes[shape]();
  const connected = new Promise((resolve, reject) => {
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === 'connected') resolve();
      if (pc.connectionState === 'failed') reject(new Error('the connection failed'));
    };
  });
  const tracks = [];
  pc.ontrack = ({ track }) => tracks.push(track);

  await pc.setLocalDescription();
  const seen = { offer: pc.localDescription.sdp };
  let session;
  if (endpoint) {
    const body = pc.localDescription.sdp;
    const response = await fetch(endpoint, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body });
    seen.status = response.status;
    seen.answer = await response.text();
    if (!response.ok) return pc.close(), seen;
    session = new URL(response.headers.get('Location'), endpoint);
  }
  const sdp = seen.answer ?? answer;
  await pc.setRemoteDescription({ type: 'answer', sdp });
  seen.directions = pc.getTransceivers().map((transceiver) => transceiver.currentDirection);
  if (endpoint) {
    await connected;
    // A receiver's track is unmuted by the first packet (webrtc-pc, 5.3).
    const wanted = pc.getTransceivers().filter(({ currentDirection }) => currentDirection?.includes('recv'));
    await Promise.all(wanted.map(({ receiver: { track } }) => track.muted && new Promise((resolve) => (track.onunmute = resolve))));
    seen.received = wanted.map(({ receiver }) => receiver.track.kind);
    seen.deleted = (await fetch(session, { method: 'DELETE' })).status;
  }
  pc.close();
  return seen;
}
