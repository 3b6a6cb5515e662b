'use strict';
// The list of streams: fetched when the page is shown, and every five seconds while it is.

const element = (id) => document.getElementById(id);
if (location.hash.startsWith('#token=')) {
  sessionStorage.setItem('token', decodeURIComponent(location.hash.slice(7)));
  history.replaceState(null, '', location.pathname);
}
let timer;

async function refresh() {
  clearTimeout(timer);
  const token = sessionStorage.getItem('token');
  try {
    const response = await fetch('streams', { headers: token ? { Authorization: `Bearer ${token}` } : {} });
    element('token').hidden = response.status !== 401;
    if (response.status === 401) return show([], token ? 'That was not the token.' : '');
    const streams = await response.json();
    show(streams, streams.length ? '' : 'Nothing yet. Streams appear here as soon as a program publishes one.');
  } catch {
    show([], 'The server does not answer.');
  }
  if (!document.hidden) timer = setTimeout(refresh, 5000);
}

function show(streams, note) {
  element('note').textContent = note;
  element('note').hidden = !note;
  const make = (tag, text = '') => Object.assign(document.createElement(tag), { textContent: text });
  element('streams').replaceChildren(...streams.map(({ name, viewers, publishers }) => {
    const item = make('li'), link = make('a');
    const page = viewers === undefined ? 'publish' : 'watch'; // not on the air: only to be published
    const watched = viewers === 1 ? '1 viewer' : `${viewers} viewers`;
    link.href = `${page}/${encodeURIComponent(name)}`;
    link.append(make('b', name), make('small', page === 'watch' ? watched : publishers ? 'being published' : 'publish'));
    item.append(link);
    if (page === 'watch' && publishers !== undefined) {
      const camera = Object.assign(make('a'), { href: `publish/${encodeURIComponent(name)}` });
      camera.append(make('small', publishers ? 'being published' : 'publish'));
      item.append(camera);
    }
    return item;
  }));
}

element('token').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', element('secret').value);
  refresh();
});
document.addEventListener('visibilitychange', refresh);
refresh();
