/* A viewer: writes the picture's name over it. */
import { caption } from "./caption.js";

export default function show(element, page) {
  page.watch(async ({ picture }) => {
    const { name } = await page.request("GET", `/pictures/${picture.id}`);
    element.textContent = caption(name);
  });
}
