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
  element('streams').replaceChildren(...streams.map(({ name, viewers }) => {
    const [item, link, title, count] = ['li', 'a', 'b', 'small'].map((tag) => document.createElement(tag));
    link.href = `watch/${encodeURIComponent(name)}`;
    title.textContent = name;
    count.textContent = viewers === 1 ? '1 viewer' : `${viewers} viewers`;
    link.append(title, count);
    item.append(link);
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
