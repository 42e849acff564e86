// The page: what the desk says is true, drawn; what hands do, told to the desk. It decides nothing about the case.

import { Form } from "./form.js";
import { Hands, Notches, store, stored } from "./hands.js";
import { Lost } from "./lost.js";
import { Pane } from "./pane.js";
import { Sounds } from "./sound.js";
import { Wires } from "./wires.js";

const SIGNS = { done: "✓", due: "▸", open: "·", refused: "✕" };
const SIGN_WORDS = { done: "done", due: "due", open: "not yet", refused: "not now" };
const TABS = [["planes", "CT"], ["disc", "Disc"], ["patient", "Patient"], ["debrief", "Debrief"]];
const TURN_DEG_PER_PX = 0.25;
const KEYS_REST_MS = 600;
const PLANES = [["axial", "Axial"], ["coronal", "Coronal"], ["sagittal", "Sagittal"], ["along", "Along the instrument"]];

const Page = {
  inject: ["trame"],
  provide() { return { desk: this }; },
  components: { "dk-pane": Pane, "dk-form": Form },
  data() {
    return {
      s: {}, chosen: null, tab: "planes", plane: "axial", refusal: "", follow: true, open: {}, cues: [], sound: true,
      scale: Number(localStorage.getItem("dekomp.scale") || 1), rebinding: null, ownKeys: stored(), keyError: "", held: false,
      scrub: null, hinting: true, turning: false, swinging: null, later: null,
    };
  },
  template: "",
  created() {
    this.TABS = TABS;
    this.PLANES = PLANES;
    this.SIGNS = SIGNS;
    this.SIGN_WORDS = SIGN_WORDS;
    this.me = Math.random().toString(36).slice(2);
    this.sounds = new Sounds();
    this.sound = this.sounds.on;
    this.notches = new Notches();
    this.heard = null;
    const state = this.trame.state;
    const take = (keys) => keys.forEach((key) => { if (!key.startsWith("trame__")) this.s[key] = state.get(key); });
    take(state.getAllKeys());
    state.addListener(({ keys }) => { take(keys); this.noticed(keys); });
    this.wires = new Wires(this.trame, (words) => this.told(words));
    this.hands = new Hands((command, phase, times) => this.command(command, phase, times), () => this.keyOf, (choice) => this.answer(choice));
    document.documentElement.style.setProperty("--scale", this.scale);
    document.documentElement.lang = "en";
    window.addEventListener("pointerdown", () => this.sounds.wake(), { once: true });
  },
  mounted() {
    this.ask({ what: "hello", keys: this.ownKeys });
    this.watch();
    this.noticed(Object.keys(this.s));
  },
  beforeUnmount() {
    this.hands.stop();
  },
  watch: {
    tab() { this.watch(); },
    "s.story"() { this.watch(); this.chosen = this.later = null; this.follow = true; this.cues = []; },
  },
  computed: {
    status() { return this.s.status || {}; },
    beam() { return Boolean(this.status.beam); },
    keyOf() { return Object.fromEntries((this.s.keymap || []).map((row) => [row.key, row.command])); },
    task() {
      for (const stage of this.s.stages || []) for (const task of stage.tasks) if (task.id === this.chosen) return task;
      return null;
    },
    current() { return (this.s.stages || []).findIndex((stage) => stage.tasks.some((task) => task.state === "due")); },
    formControls() { return (this.task && this.s.controls?.[this.task.do]) || []; },
    hand() { return this.s.hand || {}; },
    captions() { return [...(this.s.log || []), ...this.cues].sort((a, b) => b.id - a.id).slice(0, 40); },
    debriefing() { return Boolean(this.status.looking_back); },
    question() { return this.s.lesson?.question || null; },
    alarms() { return this.s.bedside?.alarms || []; },
  },
  methods: {
    ask(message, latest = null) { return this.wires.ask(message, latest); },
    told(words) {
      this.refusal = words;
      this.sounds.play("refused");
      this.cue("refused", words, "refused");
    },
    cue(sound, words, kind = "sound") {
      const last = Math.max(0, ...(this.s.log || []).map((one) => one.id), ...this.cues.map((one) => one.id));
      this.cues = [...this.cues, { id: last + 0.001, clock: this.status.clock || "", kind, words }].slice(-12);
    },
    noticed(keys) {
      if (keys.includes("stages") && (this.follow || !this.task)) this.choose(this.due(), true);
      if (keys.includes("status")) {
        this.sounds.beam(this.beam);
        if (this.status.beam !== this.beamWas && this.beam) this.cue("beam", "[tone: beam on]");
        this.beamWas = this.status.beam;
        if (this.status.moment !== this.momentWas) this.refusal = this.status.refusal || "";
        this.momentWas = this.status.moment;
        if (this.debriefing && this.scrub === null) this.tab = "debrief";
        this.scrub = this.debriefing ? this.status.shown : null;
        document.title = this.s.story ? this.s.story.title + " – dekomp_sim" : "dekomp_sim";
      }
      if (keys.includes("lesson") && this.question && this.question.trigger !== this.askedWas) {
        this.askedWas = this.question.trigger;
        this.sounds.play("question");
        this.cue("question", "[chime: the teacher asks]");
      }
      if (keys.includes("sounds")) {
        const all = this.s.sounds || [];
        if (this.heard !== null) for (const one of all.filter((sound) => sound.id > this.heard)) { this.sounds.play(one.sound); this.cue(one.sound, one.words); }
        this.heard = Math.max(this.heard ?? 0, ...all.map((one) => one.id), 0);
      }
    },
    due() {
      const all = (this.s.stages || []).flatMap((stage) => stage.tasks);
      return (all.find((task) => task.state === "due") || all.find((task) => task.state === "open") || all[all.length - 1])?.id ?? null;
    },
    choose(id, follow = false) {
      if (id !== this.chosen) this.refusal = "";
      this.chosen = id;
      this.follow = follow;
      if (follow) this.$nextTick(() => this.$el.querySelector?.(".task.chosen")?.scrollIntoView({ block: "nearest" }));
    },
    async perform(values) {
      this.refusal = "";
      const task = this.task;
      this.follow = true;
      const answer = await this.ask({ what: "perform", do: task.do, values });
      if (answer.error || answer.refusal) this.follow = false;
      if (answer.refusal) this.told(answer.refusal);
    },
    /** Another stage, from the one whose task is chosen. */
    turnTo(step) {
      const stages = this.s.stages || [];
      const now = stages.findIndex((stage) => stage.tasks.some((task) => task.id === this.chosen));
      const next = stages[Math.min(Math.max(now + step, 0), stages.length - 1)];
      if (!next?.tasks.length) return;
      this.open[stages.indexOf(next)] = true;
      this.choose((next.tasks.find((task) => task.state !== "done") || next.tasks[0]).id);
    },
    /** The answer to the lesson's question, from 1; whether there is one to answer. */
    answer(choice) {
      const asked = this.question;
      if (!asked || choice > asked.answers.length) return false;
      this.ask({ what: "perform", do: "answer", values: { question: asked.trigger, choice } });
      return true;
    },
    async command(command, phase, times) {
      if (command === "key_map") return this.showKeys();
      if (command === "hint") return void (this.hinting = !this.hinting);
      if (command === "next_stage" || command === "previous_stage") return this.turnTo(command === "next_stage" ? 1 : -1);
      if (command === "pedal") this.held = phase === "down";
      const answer = await this.ask({ what: "command", command, phase, times }, phase ? null : "command " + command);
      if (answer.refusal) this.told(answer.refusal);
      return answer;
    },
    wheel(pane, event) {
      const whole = this.notches.turned(pane, event);
      if (!whole) return;
      if (event.ctrlKey || event.altKey) return void this.ask({ what: "zoom", pane, times: -whole }, "zoom " + pane);
      if (PLANES.some(([name]) => name === pane)) return void this.ask({ what: "slice", pane, times: whole }, "slice " + pane);
      const size = event.shiftKey ? "coarse_" : "fine_";
      return void this.command(size + (whole > 0 ? "back" : "forward"), null, Math.abs(whole));
    },
    watch() {
      const tab = { planes: PLANES.map(([name]) => name), disc: ["disc"], patient: [], debrief: ["roots"] }[this.tab];
      this.ask({ what: "watch", page: this.me, panes: ["live", "reference", "room", ...tab] }, "watch");
    },
    /** The C-arm is in the hand: `change` says where to. Of what comes faster than it turns only the newest counts. */
    async swing(change, held) {
      clearTimeout(this.resting);
      const { left_deg, cranial_deg } = this.s.console;
      const to = { left_deg, cranial_deg, ...this.swinging, ...change };
      this.swinging = held ? to : null;
      const answer = await this.ask({ what: "swing", ...to, held }, held ? "swing" : null);
      if (answer.refusal && !held) this.told(answer.refusal);
    },
    /** The hand leaves the C-arm, which goes on record; after keys, once they rest. */
    letGo(event) {
      if (!this.swinging) return;
      clearTimeout(this.resting);
      if (this.byKey && event?.type === "change") this.resting = setTimeout(() => this.letGo(), KEYS_REST_MS);
      else this.swing({}, false);
    },
    /** A drag on the X-ray picture turns the C-arm: to the right toward the patient's left, up toward the head. */
    turn(from, event) {
      const { left_deg, cranial_deg } = from.angles;
      this.swing({ left_deg: left_deg + TURN_DEG_PER_PX * (event.clientX - from.x), cranial_deg: cranial_deg - TURN_DEG_PER_PX * (event.clientY - from.y) }, true);
    },
    setConsole(values) { this.ask({ what: "console", values }); },
    set(what, values) { this.ask({ what, ...values }, what + Object.keys(values).join()); },
    bigger(step) {
      this.scale = Math.min(1.6, Math.max(0.85, Math.round((this.scale + step) * 20) / 20));
      localStorage.setItem("dekomp.scale", this.scale);
      document.documentElement.style.setProperty("--scale", this.scale);
    },
    toggleSound() { this.sound = this.sounds.toggle(); },
    showKeys() { this.$refs.keys.open ? this.$refs.keys.close() : this.$refs.keys.showModal(); },
    rebind(command) {
      this.keyError = "";
      this.rebinding = command;
      this.hands.capture = async (key) => {
        this.rebinding = null;
        if (!key) return;
        const own = { ...this.ownKeys, [command]: key };
        const answer = await this.wires.ask({ what: "keys", keys: own });
        if (answer.error || answer.refusal) { this.keyError = answer.error || answer.refusal; return; }
        this.ownKeys = own;
        store(own);
      };
    },
    async ownKeysAway() {
      this.ownKeys = {};
      store({});
      this.keyError = "";
      await this.ask({ what: "keys", keys: {} });
    },
    pedal(down, event) {
      if (event?.pointerId !== undefined && down) event.target.setPointerCapture(event.pointerId);
      if (down !== this.held) down ? this.hands.press("button") : this.hands.release("button");
    },
    tabKey(event) {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const names = TABS.map(([name]) => name);
      this.tab = names[(names.indexOf(this.tab) + step + names.length) % names.length];
      this.$nextTick(() => this.$refs.tabs.querySelector("[aria-selected=true]").focus());
    },
    view(number) { this.scrub = Number(number); this.ask({ what: "scrub", number: this.scrub }, "scrub"); },
  },
};

async function page() {
  Page.template = await (await fetch(new URL("./page.html", import.meta.url))).text();
  return Page;
}

window.dekomp = {
  install(app) {
    app.component("dekomp-page", window.Vue.defineAsyncComponent(page));
    app.component("dekomp-lost", Lost);
  },
};
