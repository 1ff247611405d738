// When to look for versions by others: often while somebody works here, then less,
// then not at all, and never in a tab that nobody sees.

const quick = 2_000;
const quickFor = 20_000;
const slow = 5_000;
const idleAfter = 60_000;

export class Watch {
  // look is awaited, so that there is never more than one at a time. tell gets
  // "watching", "hidden" or "idle".
  constructor(look, tell) {
    this.look = look;
    this.tell = tell;
    this.looking = false;
    this.looked = this.active = performance.now();
  }

  start() {
    for (const type of ["keydown", "pointerdown", "wheel", "focusin"]) {
      document.addEventListener(type, () => this.activity(), { passive: true });
    }
    addEventListener("focus", () => this.activity());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.plan() : this.activity()));
    this.activity();
  }

  activity() {
    this.active = performance.now();
    this.plan();
  }

  plan() {
    clearTimeout(this.timer);
    if (this.looking) return; // plans when it is done
    const idle = performance.now() - this.active;
    const state = document.hidden ? "hidden" : idle >= idleAfter ? "idle" : "watching";
    this.tell(state);
    if (state !== "watching") return;
    // Counted from the last look: after a pause it is due at once.
    const due = this.looked + (idle < quickFor ? quick : slow) - performance.now();
    this.timer = setTimeout(() => this.run(), Math.max(0, due));
  }

  async run() {
    this.looking = true;
    try {
      await this.look();
    } finally {
      this.looking = false;
      this.looked = performance.now();
      this.plan();
    }
  }
}
