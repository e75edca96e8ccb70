/* A menu entry: gives all chosen pictures one tag. */
export default async function run({ count, ...pictures }, page) {
  await page.request("POST", "/pictures/tags/add", {
    ...pictures,
    tags: ["stamped"],
  });
  page.toast(`Stamped ${count}`);
}
