// What stands there when the simulator does not answer any more.

/** Shown when the simulator is gone: tries to find it again, and begins anew where it left off. */
export const Lost = {
  data: () => ({ words: "The connection to the simulator was lost." }),
  template: `<div class="veil" role="alert" data-test="lost"><h2>{{ words }}</h2><p>Looking for it …</p>
    <p><button class="main" @click="again">Try again</button></p></div>`,
  mounted() { this.timer = setInterval(() => this.again(), 1000); },
  beforeUnmount() { clearInterval(this.timer); },
  methods: {
    async again() {
      const found = await fetch("loading.tpl", { cache: "no-store" }).then((r) => r.ok).catch(() => false);
      if (found) window.location.reload();
    },
  },
};
