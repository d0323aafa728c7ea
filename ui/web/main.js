// Loads the desk's wasm and hands it the hub's address.
//
// The desktop app puts `window.__GULANG__ = { url, token, seat? }` in place before this runs. In a browser the page comes from
// the hub itself, so the address is the page's own and the token is in its link: http://127.0.0.1:PORT/?token=…
// `?seat=` names who sits there; without it, it is the first officer's seat of the city's roles.json.

// Notices are in both languages: a machine without a Chinese system font still shows one of them. The wasm brings its own.

const notice = document.getElementById("notice");

function say(text) {
  notice.hidden = false;
  notice.textContent = text;
}

function hubFromLink() {
  const here = new URL(window.location.href);
  return {
    url: here.origin,
    token: here.searchParams.get("token") ?? "",
    seat: here.searchParams.get("seat") ?? "",
  };
}

// A register's file is chosen or dropped anywhere on the page; the wasm takes it from here by its bytes and sends it to the
// hub to be looked at. Nothing is imported by dropping it.
const files = (window.__GULANG_FILES__ = []);

async function take(list) {
  for (const file of list) {
    files.push({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
  }
}

const picker = Object.assign(document.createElement("input"), {
  type: "file",
  accept: ".xlsx,.xls,.et,.ods,.csv,.tsv,.txt,.json,.geojson,.fgb,.zip",
});
picker.addEventListener("change", async () => {
  await take(picker.files);
  // The same file may be chosen again, corrected.
  picker.value = "";
});
window.__GULANG_CHOOSE__ = () => picker.click();
window.addEventListener("dragover", (event) => event.preventDefault());
window.addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer?.files ?? []);
});

async function open() {
  window.__GULANG__ ??= hubFromLink();

  let glue;
  try {
    glue = await import("./pkg/gulang-desk.js");
  } catch (error) {
    say(`页面的程序还没有构建。请在源码目录运行 cargo xtask ui，然后重新打开。\nThe page's program is not built: run cargo xtask ui in the source tree, then open again.\n${error}`);
    return;
  }

  // Fetched by hand: a webview's own scheme names no content type that streaming compilation would accept.
  const answer = await fetch(new URL("./pkg/gulang-desk_bg.wasm", import.meta.url));
  if (!answer.ok) {
    say(`读取页面的程序时出错 / reading the page's program: ${answer.status}`);
    return;
  }
  const module = await answer.arrayBuffer();
  notice.hidden = true;
  try {
    await glue.default({ module_or_path: module });
  } catch (error) {
    // winit leaves its own stack this way to hand the loop to the browser; it is not a failure.
    if (!String(error).includes("Using exceptions for control flow")) {
      say(`鼓浪停了下来 / Gulang stopped: ${error}`);
      throw error;
    }
  }
}

window.addEventListener("error", (event) => {
  if (!String(event.message).includes("Using exceptions for control flow")) say(`鼓浪停了下来 / Gulang stopped: ${event.message}`);
});

open().catch((error) => say(`打开鼓浪时出错 / opening Gulang: ${error}`));
