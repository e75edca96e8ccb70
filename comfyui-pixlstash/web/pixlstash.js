// The connection settings of the PixlStash nodes, in ComfyUI's settings dialog.
import { app } from "../../scripts/app.js";

/** A field that does not show the token. ComfyUI stores settings, so the token is in its settings file. */
function tokenField(name, setter, value) {
  const field = document.createElement("input");
  field.type = "password";
  field.autocomplete = "off";
  field.spellcheck = false;
  field.value = value ?? "";
  field.setAttribute("aria-label", name);
  field.addEventListener("change", () => setter(field.value.trim()));
  return field;
}

app.registerExtension({
  name: "PixlStash.Nodes",
  settings: [
    {
      id: "PixlStashNodes.Token",
      category: ["PixlStash", "Connection", "Token"],
      name: "Token",
      tooltip: "From `pixlstash token create`: with the right to read, or to write for saving.",
      type: tokenField,
      defaultValue: "",
    },
    {
      id: "PixlStashNodes.Address",
      category: ["PixlStash", "Connection", "Address"],
      name: "Address",
      tooltip: "The address of your PixlStash server, as http://127.0.0.1:8020.",
      type: "text",
      defaultValue: "",
    },
  ],
});
