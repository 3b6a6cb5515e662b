/** Runs in a page: publishes pictures that say when they were drawn, watches what comes back, and answers how old
 * each was when it was shown, in milliseconds. VP8 all the way. `answers(asked)` brings the answer to an offer. */
export async function glass({ seconds }) {
  const [width, height, block, blocks] = [640, 480, 40, 16];
  const strips = [0, height - block]; // twice: the echo draws its square over one of them at most
  const now = () => Math.round(performance.now());
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d', { alpha: false });

  const draw = () => {
    const millis = now(), step = millis / 10;
    const colours = context.createLinearGradient(0, 0, width, height);
    [0, 0.25, 0.5, 0.75, 1].forEach((at) => colours.addColorStop(at, `hsl(${(at * 720 + step) % 360} 60% 50%)`));
    context.fillStyle = colours;
    context.fillRect(0, 0, width, height);
    context.fillStyle = '#fff';
    context.fillRect(step % width, 0, 24, height);
    for (let n = 0; n < blocks; n++) {
      context.fillStyle = (millis >> (blocks - 1 - n)) & 1 ? '#fff' : '#000';
      for (const top of strips) context.fillRect(n * block, top, block, block);
    }
  };

  const vp8 = (capabilities) => capabilities.codecs.filter(({ mimeType }) => /vp8|rtx/i.test(mimeType));

  const negotiate = async (pc, publishes) => {
    for (const transceiver of pc.getTransceivers())
      transceiver.setCodecPreferences(vp8((publishes ? RTCRtpSender : RTCRtpReceiver).getCapabilities('video')));
    await pc.setLocalDescription();
    const connected = new Promise((resolve, reject) => {
      pc.onconnectionstatechange = () => {
        if (pc.connectionState === 'connected') resolve();
        if (pc.connectionState === 'failed') reject(new Error('the connection failed'));
      };
    });
    if (pc.iceGatheringState !== 'complete')
      await new Promise((resolve) => (pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve()));
    const sdp = await answers({ offer: pc.localDescription.sdp, publishes });
    await pc.setRemoteDescription({ type: 'answer', sdp });
    await connected;
  };

  draw();
  const timer = setInterval(draw, 1000 / 30);
  const publisher = new RTCPeerConnection(), viewer = new RTCPeerConnection();
  const [track] = canvas.captureStream(30).getVideoTracks();
  const { sender } = publisher.addTransceiver(track, { direction: 'sendonly' });
  await negotiate(publisher, true);
  const parameters = sender.getParameters();
  if (parameters.encodings.length) {
    parameters.encodings[0].maxBitrate = 1_000_000;
    await sender.setParameters(parameters);
  }
  const { receiver } = viewer.addTransceiver('video', { direction: 'recvonly' });
  await negotiate(viewer, false);

  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([receiver.track]);
  document.body.replaceChildren(video);
  await video.play();

  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [width, height];
  const reader = copy.getContext('2d', { willReadFrequently: true });
  const strip = (top) => {
    const { data } = reader.getImageData(0, top + block / 2, width, 1);
    let bits = 0;
    for (let n = 0; n < blocks; n++) bits = (bits << 1) | (data[4 * (n * block + block / 2) + 1] > 127 ? 1 : 0);
    return bits;
  };

  const seen = { ages: [], hidden: 0 };
  const warm = now() + 5_000, end = warm + seconds * 1000;
  while (now() < end) {
    await new Promise((shown) => video.requestVideoFrameCallback(shown));
    const shown = now();
    reader.drawImage(video, 0, 0, width, height);
    const [above, below] = strips.map(strip);
    if (shown < warm) continue;
    if (above === below) seen.ages.push((shown - above) & 0xffff);
    else seen.hidden += 1;
  }
  clearInterval(timer);
  [publisher, viewer].forEach((pc) => pc.close());
  track.stop();
  return seen;
}
