// The controls of one action, as the desk describes them: ranges and choices are the action's own.

export const Form = {
  inject: ["desk"],
  props: { task: String, todo: String, words: String, controls: Array, given: Object, refusal: String, allowed: { type: Boolean, default: true } },
  emits: ["perform", "missing"],
  data: () => ({ values: {} }),
  template: `
    <form class="form" :data-test="'form-' + todo" @submit.prevent="perform" novalidate :aria-label="words">
      <slot name="hint"></slot>
      <h2>{{ words }}</h2>
      <div v-for="one in controls" :key="todo + one.name" class="row" :class="one.kind">
        <label :for="'field-' + one.name">{{ one.words }}<span v-if="one.optional" class="sr"> (optional)</span></label>
        <span v-if="one.kind === 'flag'"><input type="checkbox" :id="'field-' + one.name" v-model="values[one.name]" :data-test="'field-' + one.name" /></span>
        <select v-else-if="one.kind === 'choice'" :id="'field-' + one.name" v-model="values[one.name]" :data-test="'field-' + one.name">
          <option v-if="one.optional || one.default === null" value="">{{ one.optional ? "–" : "choose" }}</option>
          <option v-for="choice in one.choices" :key="choice" :value="choice">{{ choice.replaceAll("_", " ") }}</option>
        </select>
        <span v-else-if="one.kind === 'point'" style="display: flex; gap: 2px">
          <input v-for="axis in ['x_mm', 'y_mm', 'z_mm']" :key="axis" :placeholder="axis[0]" :aria-label="one.words + ' ' + axis[0] + ' in mm'"
            inputmode="decimal" :value="values[one.name]?.[axis] ?? ''" @change="point(one, axis, $event.target.value)" :data-test="'field-' + one.name + '-' + axis[0]" /></span>
        <span v-else class="unit"><input :id="'field-' + one.name" :data-test="'field-' + one.name" :type="one.kind === 'text' || one.choices.length ? 'text' : 'number'"
            :min="one.low" :max="one.high" :step="one.kind === 'text' ? null : 'any'" v-model="values[one.name]" :placeholder="one.choices[0] || ''" autocomplete="off" /><em>{{ one.unit }}</em></span>
      </div>
      <div class="deed"><button class="main" type="submit" data-test="perform" :disabled="!allowed">{{ words }}</button></div>
      <p v-if="refusal" class="refusal" role="alert" data-test="refusal">✕ {{ refusal }}</p>
    </form>`,
  watch: {
    task: { immediate: true, handler: "fill" },
  },
  methods: {
    fill() {
      const values = {};
      for (const one of this.controls || []) {
        const standing = this.given?.[one.name];
        values[one.name] = standing ?? one.default ?? (one.kind === "flag" ? false : "");
      }
      this.values = values;
    },
    point(one, axis, text) {
      const now = typeof this.values[one.name] === "object" && this.values[one.name] ? { ...this.values[one.name] } : {};
      if (text === "") delete now[axis];
      else now[axis] = Number(text);
      this.values[one.name] = Object.keys(now).length ? now : (one.default ?? "");
    },
    perform() {
      const missing = this.controls.filter((one) => !one.optional && one.default === null && [undefined, null, ""].includes(this.values[one.name]));
      if (missing.length) {
        this.$emit("missing", "Fill in first: " + missing.map((one) => one.words.toLowerCase()).join(", ") + ".");
        return;
      }
      const sent = {};
      for (const one of this.controls) {
        const value = this.values[one.name];
        const bare = value === "" || value === null || value === undefined;
        if (bare) continue;
        sent[one.name] = (one.kind === "number" || one.kind === "integer") && !Number.isNaN(Number(value)) ? Number(value) : value;
      }
      this.$emit("perform", sent);
    },
  },
};
