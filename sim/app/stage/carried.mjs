// The model of an exported page: what the page carries, and nobody to ask.

/** Answers as an anywidget model does; `set` is heard by those who listen, and goes no further. */
export function carried(data) {
  const listeners = new Map();
  const values = { mode: "file", ...data };
  return {
    get: (name) => values[name],
    set: (name, value) => {
      if (values[name] === value) return;
      values[name] = value;
      for (const listener of listeners.get(`change:${name}`) || []) listener();
    },
    save_changes: () => {},
    on: (name, listener) => listeners.set(name, [...(listeners.get(name) || []), listener]),
    off: (name, listener) => listeners.set(name, (listeners.get(name) || []).filter((one) => one !== listener)),
  };
}
