// Questions to the Python side and their answers, told apart by number. A page without a server has nobody to ask.

/** `send(content)` tells; `ask(content, heard)` asks, and hears every answer with the question's number. */
export function makePost(model) {
  const waiting = new Map();
  let last = 0;
  const able = typeof model.send === "function";
  if (able)
    model.on("msg:custom", (content, buffers) => {
      const heard = waiting.get(content.id);
      if (heard) heard(content, buffers || []);
    });

  function send(content) {
    if (able) model.send(content);
  }

  /** A later question of the same kind replaces an earlier one, whose answer is then of no interest. */
  function ask(content, heard) {
    if (!able) return false;
    for (const [id, asked] of waiting) if (asked.kind === content.kind) waiting.delete(id);
    const id = ++last;
    const listener = (...answer) => heard(...answer);
    listener.kind = content.kind;
    waiting.set(id, listener);
    model.send({ ...content, id });
    return true;
  }

  return { able, send, ask };
}
