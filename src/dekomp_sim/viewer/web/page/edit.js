// The page of corrections: three planes of an imported patient, the points that may be moved, and their numbers.

import { Lost } from "./lost.js";
import { Pane } from "./pane.js";
import { Wires } from "./wires.js";

const PLANES = [["axial", "Axial"], ["sagittal", "Sagittal"], ["coronal", "Coronal"]];
const AXES = [["x", "Left"], ["y", "Back"], ["z", "Head"]];

const Edit = {
  inject: ["trame"],
  provide() { return { desk: this }; },
  components: { "dk-pane": Pane },
  data: () => ({ e: null, refusal: "", place: ["", "", ""], hernia: {} }),
  template: "",
  created() {
    Object.assign(this, { PLANES, AXES });
    this.me = Math.random().toString(36).slice(2);
    const state = this.trame.state;
    const take = () => { this.e = state.get("edit") || null; };
    take();
    state.addListener(take);
    this.wires = new Wires(this.trame, (words) => { this.refusal = words; });
    document.documentElement.lang = "en";
    document.title = "Corrections – dekomp_sim";
    window.addEventListener("keydown", this.key);
    window.addEventListener("beforeunload", this.leaving);
  },
  mounted() {
    this.fillPlace();
    this.fillHernia();
    this.ask({ what: "hello" });
  },
  beforeUnmount() {
    window.removeEventListener("keydown", this.key);
    window.removeEventListener("beforeunload", this.leaving);
  },
  computed: {
    chosen() { return this.e?.points.find((one) => one.on) || null; },
    // what is typed stays until what it is about changes, whatever else is told meanwhile
    chosenNow() { return JSON.stringify([this.chosen?.id, this.chosen?.at]); },
    herniaNow() { return JSON.stringify([this.e?.level, this.e?.herniation]); },
  },
  watch: {
    chosenNow() { this.fillPlace(); },
    herniaNow() { this.fillHernia(); },
  },
  methods: {
    async ask(message, latest = null) {
      const answer = await this.wires.ask(message, latest);
      if (!["size", "drawn", "hello"].includes(message.what)) this.refusal = answer.refusal || answer.error || "";
      return answer;
    },
    fillPlace() {
      if (this.chosen) this.place = this.chosen.at.map((part) => part.toFixed(2));
    },
    fillHernia() {
      const one = this.e?.herniation;
      if (one) this.hernia = { side: one.side, azimuth_deg: one.azimuth_deg.toFixed(1), depth_mm: one.depth_mm.toFixed(1), width_deg: one.width_deg.toFixed(1) };
    },
    wheel(pane, event) {
      const away = event.deltaY > 0 || event.deltaX > 0;
      if (event.ctrlKey || event.altKey) return void this.ask({ what: "zoom", pane, times: away ? -1 : 1 }, "zoom");
      return void this.ask({ what: "scroll", pane, times: away ? 1 : -1 }, "scroll " + pane);
    },
    choose(id) { this.ask({ what: "choose", id }); },
    put() {
      const [x, y, z] = this.place.map(Number);
      if (this.chosen) this.ask({ what: "move", id: this.chosen.id, x, y, z });
    },
    herniate(on) {
      const { side, azimuth_deg, depth_mm, width_deg } = this.hernia;
      this.ask({ what: "herniation", on, side, azimuth_deg: Number(azimuth_deg), depth_mm: Number(depth_mm), width_deg: Number(width_deg) });
    },
    key(event) {
      if (!event.ctrlKey && !event.metaKey) return;
      const what = { s: "save", z: event.shiftKey ? "redo" : "undo", y: "redo" }[event.key.toLowerCase()];
      if (!what || (event.target.tagName === "INPUT" && what !== "save")) return;
      event.preventDefault();
      this.ask({ what });
    },
    leaving(event) { if (this.e?.unsaved) event.preventDefault(); },
  },
};

async function page() {
  Edit.template = await (await fetch(new URL("./edit.html", import.meta.url))).text();
  return Edit;
}

window.dekomp = {
  install(app) {
    app.component("dekomp-page", window.Vue.defineAsyncComponent(page));
    app.component("dekomp-lost", Lost);
  },
};
