import { render } from "preact";
import { App } from "./app";
import "./style.css";
import { applyTheme } from "./theme";
import { Speaking } from "./words/words";

applyTheme();
render(
  <Speaking>
    <App />
  </Speaking>,
  document.getElementById("app")!,
);
