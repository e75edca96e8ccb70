/** Who can open a link: it depends on the address of the page that makes it. */

const LOOPBACK = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const PRIVATE =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|\[f[cd][0-9a-f]{2}:|\[fe[89ab][0-9a-f]:)/;

/** A warning for links with this host name; null if it may be reachable from anywhere. */
export function reachWarning(host: string): string | null {
  if (LOOPBACK.test(host)) return `Only this computer can open the link: this page is at ${host}.`;
  const local = PRIVATE.test(host) || /\.(local|lan|home\.arpa|internal)$/.test(host) || !/[.:]/.test(host);
  return local ? `Only devices in your network can open the link: this page is at ${host}.` : null;
}
