// Keyboard and gamepad, turned into commands. Which key does what is the desk's map, changed by what this browser keeps.

const STORED = "dekomp.keys";
const PAD_BUTTONS = {
  0: "pedal", 1: "undo", 2: "set_on_skin", 3: "spot", 4: "roll_back", 5: "roll_clockwise", 6: "coarse_back", 7: "coarse_forward",
  8: "next_instrument", 9: "key_map", 12: "fine_forward", 13: "fine_back", 14: "tilt_lateral", 15: "tilt_medial",
};
const HELD = "pedal";
const REPEATED_MS = 110;

/** A key as the desk names it: "Space", "Shift+ArrowUp", "a"; signs that need Shift are told without it. */
export function keyName(event) {
  const last = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const sign = last.length === 1 && last.toLowerCase() === last.toUpperCase();
  const held = [event.shiftKey && !sign && "Shift", event.ctrlKey && "Control", event.altKey && "Alt"].filter(Boolean);
  return [...held, last].join("+");
}

/** Whether a key belongs to the field that has the focus. */
function typed(event) {
  const field = event.target.closest?.("input, select, textarea");
  if (!field) return event.target.closest?.("[role=tablist]") && event.key.startsWith("Arrow");
  if (field.type === "checkbox") return event.key === " ";
  if (field.type === "range") return event.key.startsWith("Arrow") || event.key.startsWith("Page");
  return event.key !== "Escape";
}

export const stored = () => JSON.parse(localStorage.getItem(STORED) || "{}");
export const store = (map) => localStorage.setItem(STORED, JSON.stringify(map));

export class Hands {
  /** `run(command, phase, times)` does it; `map()` gives key -> command. */
  constructor(run, map) {
    this.run = run;
    this.map = map;
    this.down = new Set();
    this.capture = null;
    this.listeners = { keydown: (e) => this.keydown(e), keyup: (e) => this.keyup(e), blur: () => this.letGo() };
    for (const [kind, listener] of Object.entries(this.listeners)) window.addEventListener(kind, listener);
    this.pad = new Map();
    this.padTimer = setInterval(() => this.poll(), 25);
  }

  stop() {
    for (const [kind, listener] of Object.entries(this.listeners)) window.removeEventListener(kind, listener);
    clearInterval(this.padTimer);
  }

  keydown(event) {
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    if (this.capture) {
      event.preventDefault();
      const capture = this.capture;
      this.capture = null;
      capture(event.key === "Escape" ? null : keyName(event));
      return;
    }
    if (event.defaultPrevented || typed(event) || document.querySelector("dialog[open]")) return;
    const command = this.map()[keyName(event)];
    if (!command) return;
    event.preventDefault();
    if (command === HELD) {
      if (!event.repeat) this.press(event.key);
      return;
    }
    this.run(command, null, 1);
  }

  keyup(event) {
    if (this.down.has(event.key)) {
      event.preventDefault();
      this.release(event.key);
    }
  }

  press(by) {
    this.down.add(by);
    if (this.down.size === 1) this.run(HELD, "down", 1);
  }

  release(by) {
    if (this.down.delete(by) && !this.down.size) this.run(HELD, "up", 1);
  }

  /** A window that is left takes its foot off the pedal. */
  letGo() {
    if (!this.down.size) return;
    this.down.clear();
    this.run(HELD, "up", 1);
  }

  poll() {
    const pads = navigator.getGamepads?.() || [];
    for (const pad of pads) {
      if (!pad) continue;
      for (const [index, command] of Object.entries(PAD_BUTTONS)) {
        const [pressed, key, now] = [pad.buttons[index]?.pressed, `pad ${pad.index} ${index}`, performance.now()];
        if (command === HELD) {
          if (pressed && !this.down.has(key)) this.press(key);
          else if (!pressed) this.release(key);
        } else if (!pressed) {
          this.pad.delete(key);
        } else if (now - (this.pad.get(key) ?? -1e9) > REPEATED_MS) {
          this.pad.set(key, now);
          this.run(command, null, 1);
        }
      }
    }
  }
}
