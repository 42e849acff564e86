// What a room sounds like, made here: a tone while the beam is on, a pop when skin gives way, a groan. Each has words.

export class Sounds {
  constructor() {
    this.on = localStorage.getItem("dekomp.sound") !== "off";
    this.context = null;
    this.hum = null;
  }

  /** Browsers let a page sound only after its user has touched it. */
  wake() {
    if (!this.on || !window.AudioContext) return null;
    this.context ||= new AudioContext();
    if (this.context.state === "suspended") this.context.resume().catch(() => {});
    return this.context;
  }

  toggle() {
    this.on = !this.on;
    localStorage.setItem("dekomp.sound", this.on ? "on" : "off");
    if (!this.on) this.beam(false);
    return this.on;
  }

  beam(on) {
    if (on && !this.hum) {
      const context = this.wake();
      if (!context) return;
      const [tone, gain] = [context.createOscillator(), context.createGain()];
      tone.frequency.value = 620;
      gain.gain.value = 0.025;
      tone.connect(gain).connect(context.destination);
      tone.start();
      this.hum = { tone, gain };
    } else if (!on && this.hum) {
      this.hum.tone.stop();
      this.hum.gain.disconnect();
      this.hum = null;
    }
  }

  play(name) {
    const context = this.wake();
    if (!context) return;
    const now = context.currentTime;
    const gain = context.createGain();
    gain.connect(context.destination);
    const fall = (peak, seconds) => {
      gain.gain.setValueAtTime(peak, now);
      gain.gain.exponentialRampToValueAtTime(0.0001, now + seconds);
    };
    if (name === "puncture") {
      const noise = context.createBuffer(1, context.sampleRate / 12, context.sampleRate);
      const samples = noise.getChannelData(0);
      for (let i = 0; i < samples.length; i += 1) samples[i] = (Math.random() * 2 - 1) * (1 - i / samples.length);
      const source = context.createBufferSource();
      source.buffer = noise;
      source.connect(gain);
      fall(0.16, 0.08);
      source.start(now);
      return;
    }
    const tone = context.createOscillator();
    const [from, to, seconds, kind] = { pain: [310, 150, 0.55, "sawtooth"], alarm: [880, 880, 0.4, "square"], probe: [140, 140, 0.9, "sawtooth"], refused: [200, 160, 0.16, "triangle"],
      startle: [260, 560, 0.2, "sawtooth"], question: [660, 880, 0.3, "sine"] }[name] || [520, 520, 0.12, "sine"];
    tone.type = kind;
    tone.frequency.setValueAtTime(from, now);
    tone.frequency.exponentialRampToValueAtTime(to, now + seconds);
    tone.connect(gain);
    fall(0.07, seconds);
    tone.start(now);
    tone.stop(now + seconds);
  }
}
