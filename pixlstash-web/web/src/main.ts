import { mount } from "svelte";
import "./app.css";
import { lookBack } from "./api/client";
import App from "./App.svelte";
import { parse } from "./state/address";

// A page looks at one time: going to another one loads it anew, so that nothing of the two is mixed.
lookBack(parse(location.search).asof ?? null);

export default mount(App, { target: document.body });
