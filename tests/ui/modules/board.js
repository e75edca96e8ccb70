/* A page: counts pictures with a query, offers a button and a key that fail or succeed. */
export default function show(element, page) {
  const count = document.createElement("output");
  page.watch(async ({ revision }) => {
    const ids = await page.request("GET", "/pictures?q=kind:image&limit=1000");
    count.textContent = `${ids.length} pictures at revision ${revision}`;
  });
  element.append(
    count,
    page.button("Search blue", () => page.search("blue")),
    page.button("Break", () => {
      throw new Error("The board broke.");
    }),
  );
  page.key("w", "Wave from the board", () =>
    page.toast("Hello from the board"),
  );
  return () => console.info("board closed");
}
