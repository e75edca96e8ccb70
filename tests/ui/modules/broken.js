/* A panel that fails at once, and in a handler of its own. */
export default function show(element, page) {
  const button = document.createElement("button");
  button.textContent = "Fail later";
  button.addEventListener("click", () => {
    throw new Error("It failed later.");
  });
  element.append(button);
}
