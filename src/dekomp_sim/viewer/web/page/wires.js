// The way to the desk: questions one after the other, and pictures as they come.

/** Asks the desk through trame; of moves that come faster than answers only the newest of a kind waits. */
export class Wires {
  constructor(trame, onRefusal) {
    this.trame = trame;
    this.onRefusal = onRefusal;
    this.queue = [];
    this.busy = false;
    this.panes = new Map();
    this.early = new Map();
    const session = trame.client.getConnection().getSession();
    this.subscription = session.subscribe("dekomp.picture", ([picture]) => this.picture(picture));
  }

  /** A message to the desk; resolves to its answer. `latest` names the kind of message that a newer one replaces. */
  ask(message, latest = null) {
    return new Promise((resolve) => {
      const waiting = latest && this.queue.find((one) => one.latest === latest);
      if (waiting) {
        if (message.times && waiting.message.times) message.times += waiting.message.times;
        waiting.resolve({});
        Object.assign(waiting, { message, resolve });
      } else {
        this.queue.push({ message, resolve, latest });
      }
      this.next();
    });
  }

  async next() {
    if (this.busy || !this.queue.length) return;
    this.busy = true;
    const { message, resolve } = this.queue.shift();
    let answer = {};
    try {
      answer = (await this.trame.trigger("desk", [message])) || {};
    } catch {
      answer = { error: "The simulator did not answer." };
    }
    if (answer.error) this.onRefusal(answer.error);
    resolve(answer);
    this.busy = false;
    this.next();
  }

  /** A pane wants its pictures; the last one that came before it is shown at once. */
  show(pane, draw) {
    this.panes.set(pane, draw);
    if (this.early.has(pane)) this.picture(this.early.get(pane));
  }

  forget(pane) {
    this.panes.delete(pane);
  }

  async picture(picture) {
    const draw = this.panes.get(picture.pane);
    this.early.set(picture.pane, picture);
    if (draw) await draw(picture);
    this.trame.trigger("desk", [{ what: "drawn", pane: picture.pane, number: picture.number }]).catch(() => {});
  }
}
