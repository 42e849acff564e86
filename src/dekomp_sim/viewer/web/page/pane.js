// A picture on a canvas, and what the pointer does there, in pixels of the picture.

const NUDGE_PX = 3;

export const Pane = {
  inject: ["desk"],
  props: { name: String, marks: Array, title: String, label: String, gray: Boolean, beam: Boolean, empty: String, note: String, least: { type: Number, default: 0 }, cursor: { type: String, default: "crosshair" } },
  emits: ["turned"],
  data: () => ({ big: false, drawn: 0 }),
  template: `
    <figure class="pane" :class="{ gray, beam, big }" :data-test="'pane-' + name" :data-drawn="drawn">
      <canvas ref="canvas" tabindex="0" role="img" :aria-label="label || title" :style="{ cursor }"
        @pointerdown="down" @pointermove="move" @pointerup="up" @pointercancel="up" @dblclick.prevent
        @wheel.prevent="wheel" @contextmenu.prevent @keydown="key"></canvas>
      <span v-for="mark in marks || []" :key="mark.name" class="mark" :class="mark.name" :style="placed(mark)" aria-hidden="true">{{ mark.name === "entry" ? "⊕" : "✛" }}</span>
      <div v-if="!drawn && empty" class="empty">{{ empty }}</div>
      <figcaption class="name" v-if="title">{{ title }}</figcaption>
      <span v-if="beam" class="lamp" aria-hidden="true">BEAM ON</span>
      <span v-else-if="note" class="lamp note" role="status" :data-test="'note-' + name">{{ note }}</span>
      <div class="tools"><slot></slot>
        <button class="icon" :aria-pressed="String(big)" :aria-label="(big ? 'Shrink ' : 'Enlarge ') + (title || name)"
          :data-test="'enlarge-' + name" @click="enlarge">{{ big ? "✕" : "⤢" }}</button></div>
      <div class="tune"><slot name="tune"></slot></div>
    </figure>`,
  mounted() {
    this.held = this.from = null;
    this.turns = false;
    this.desk.wires.show(this.name, (picture) => this.draw(picture));
    this.sized = new ResizeObserver(() => this.tellSize());
    this.sized.observe(this.$el);
  },
  beforeUnmount() {
    this.sized.disconnect();
    this.desk.wires.forget(this.name);
  },
  methods: {
    async draw({ width, height, form, data, number, moment }) {
      const canvas = this.$refs.canvas;
      if (!canvas) return;
      const bitmap = form === "gray" ? null : await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      const context = canvas.getContext("2d", { alpha: false });
      if (bitmap) {
        context.drawImage(bitmap, 0, 0);
        bitmap.close();
      } else {
        const image = (this.image = this.image?.width === width && this.image.height === height ? this.image : context.createImageData(width, height));
        const words = new Uint32Array(image.data.buffer);
        for (let i = 0; i < words.length; i += 1) words[i] = 0xff000000 | (data[i] * 0x010101);
        context.putImageData(image, 0, 0);
      }
      this.drawn = number;
      window.dispatchEvent(new CustomEvent("dekomp-drawn", { detail: { pane: this.name, number, moment } }));
    },
    enlarge() {
      this.big = !this.big;
    },
    tellSize() {
      const box = this.$refs.canvas.getBoundingClientRect();
      if (box.width > 20 && box.height > 20) this.desk.ask({ what: "size", pane: this.name, width: Math.max(this.least, Math.round(box.width)), height: Math.max(this.least, Math.round(box.height)) }, "size " + this.name);
    },
    /** A mark lies on the picture, which may be narrower than its canvas. */
    placed(mark) {
      const canvas = this.$refs.canvas;
      if (!canvas || !this.drawn || mark.x < 0 || mark.x > 1 || mark.y < 0 || mark.y > 1) return { display: "none" };
      const scale = Math.min(canvas.clientWidth / canvas.width, canvas.clientHeight / canvas.height);
      const left = (canvas.clientWidth - canvas.width * scale) / 2;
      const top = (canvas.clientHeight - canvas.height * scale) / 2;
      return { left: left + mark.x * canvas.width * scale + "px", top: top + mark.y * canvas.height * scale + "px" };
    },
    at(event) {
      const canvas = this.$refs.canvas;
      const box = canvas.getBoundingClientRect();
      const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
      const left = box.left + (box.width - canvas.width * scale) / 2;
      const top = box.top + (box.height - canvas.height * scale) / 2;
      return { x: (event.clientX - left) / scale, y: (event.clientY - top) / scale };
    },
    tell(phase, event, more = {}) {
      const message = { what: "pointer", pane: this.name, phase, button: this.held ?? event.button ?? 0, shift: event.shiftKey, ctrl: event.ctrlKey || event.altKey, ...this.at(event), ...more };
      this.desk.ask(message, phase === "move" ? "move " + this.name : null);
    },
    down(event) {
      this.$refs.canvas.setPointerCapture(event.pointerId);
      this.$refs.canvas.focus({ preventScroll: true });
      this.held = event.button;
      this.turns = this.name === "live" && (event.button === 2 || this.desk.turning) && this.desk.s.console?.stands;
      if (!this.turns) return void this.tell("down", event);
      const { left_deg, cranial_deg } = this.desk.s.console;
      this.from = { x: event.clientX, y: event.clientY, angles: { left_deg, cranial_deg } };
    },
    move(event) {
      if (this.held === null) return;
      if (this.turns) this.desk.turn(this.from, event);
      else this.tell("move", event);
    },
    up(event) {
      if (this.held === null) return;
      if (this.turns) this.desk.letGo();
      else this.tell("up", event);
      this.held = null;
    },
    wheel(event) {
      this.desk.wheel(this.name, event);
    },
    key(event) {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!steps || !event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.desk.ask({ what: "nudge", pane: this.name, x: steps[0] * NUDGE_PX, y: steps[1] * NUDGE_PX, shift: event.shiftKey }, null);
    },
  },
};
