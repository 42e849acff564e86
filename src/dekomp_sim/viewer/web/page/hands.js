// Keyboard and gamepad, turned into commands. Which key does what is the desk's map, changed by what this browser keeps.

const STORED = "dekomp.keys";
const PAD_BUTTONS = {
  0: "pedal", 1: "undo", 2: "set_on_skin", 3: "spot", 4: "roll_back", 5: "roll_clockwise", 6: "coarse_back", 7: "coarse_forward",
  8: "next_instrument", 9: "key_map", 12: "fine_forward", 13: "fine_back", 14: "tilt_lateral", 15: "tilt_medial",
};
/** Sticks: what an axis asks for toward -1 and toward +1; the farther it is held, the faster that comes again. */
const PAD_AXES = [["roll_back", "roll_clockwise"], ["fine_forward", "fine_back"], ["tilt_lateral", "tilt_medial"], ["tilt_cranial", "tilt_caudal"]];
const HELD = "pedal";
const REPEATS = /^(fine|coarse|tilt|roll|entry)_/;
const REPEATED_MS = 110;
const STICK_RESTS = 0.3;
const NOTCH_PX = 100;
const NOTCH_LINES = 3;
const PAUSE_MS = 500;

/** Whole notches of a wheel, toward its user positive; the small parts that a touch pad sends are added up. */
export class Notches {
  constructor() {
    this.kept = new Map();
  }

  turned(pane, event) {
    const moved = (event.deltaY || event.deltaX) / (event.deltaMode ? NOTCH_LINES : NOTCH_PX);
    if (Math.abs(moved) >= 0.5) return Math.sign(moved) * Math.max(1, Math.round(Math.abs(moved)));
    const before = this.kept.get(pane) ?? { sum: 0, at: -1e9 };
    const goesOn = event.timeStamp - before.at < PAUSE_MS && before.sum * moved >= 0;
    const sum = (goesOn ? before.sum : 0) + moved;
    this.kept.set(pane, { sum: sum - Math.trunc(sum), at: event.timeStamp });
    return Math.trunc(sum);
  }
}

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
  /** `run(command, phase, times)` does it; `map()` gives key -> command; `answer(n)` answers a question that waits. */
  constructor(run, map, answer) {
    this.run = run;
    this.map = map;
    this.answer = answer;
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
    const digit = event.altKey && /^Digit([1-9])$/.exec(event.code);
    if (digit && this.answer(Number(digit[1]))) return void event.preventDefault();
    const command = this.map()[keyName(event)];
    if (!command) return;
    event.preventDefault();
    if (command === HELD) {
      if (!event.repeat) this.press(event.key);
      return;
    }
    if (!event.repeat || REPEATS.test(command)) this.run(command, null, 1);
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
    for (const pad of navigator.getGamepads?.() || []) {
      if (!pad) continue;
      for (const [index, command] of Object.entries(PAD_BUTTONS)) {
        const [pressed, key] = [Boolean(pad.buttons[index]?.pressed), `pad ${pad.index} ${index}`];
        if (command !== HELD) this.again(key, pressed ? command : null, REPEATED_MS);
        else if (pressed && !this.down.has(key)) this.press(key);
        else if (!pressed) this.release(key);
      }
      PAD_AXES.forEach(([least, most], axis) => {
        const held = pad.axes[axis] ?? 0;
        const command = Math.abs(held) < STICK_RESTS ? null : held < 0 ? least : most;
        this.again(`stick ${pad.index} ${axis}`, command, REPEATED_MS / Math.min(Math.abs(held), 1));
      });
    }
  }

  /** While a button or stick is held, a movement comes again after each `apart_ms`, anything else once. */
  again(key, command, apart_ms) {
    const now = performance.now();
    if (!command) this.pad.delete(key);
    else if (!this.pad.has(key) || (REPEATS.test(command) && now - this.pad.get(key) > apart_ms)) {
      this.pad.set(key, now);
      this.run(command, null, 1);
    }
  }
}
