/* A panel that asks for a key which the page uses itself. */
export default function show(element, page) {
  page.key("t", "Something else", () => {});
}
