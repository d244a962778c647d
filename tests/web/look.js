// Opens a page in Chromium and tells what a reader meets: violations of WCAG as axe-core sees them, how
// far the page is wider than its window, requests to anywhere, errors of scripts, and times.
// Usage: node look.js FOLDER-OF-MODULES FILE [--dark] [--narrow] [--no-script] [--print] [--axe]
//        [--search TEXT] [--hash ID] [--shot PNG]
"use strict";
const path = require("path");
const [folder, file, ...rest] = process.argv.slice(2);
const modules = path.resolve(folder);
const has = (name) => rest.includes(name);
const value = (name) => (has(name) ? rest[rest.indexOf(name) + 1] : undefined);
const { chromium } = require(path.join(modules, "playwright-core"));

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const context = await browser.newContext({
    javaScriptEnabled: !has("--no-script"),
    colorScheme: has("--dark") ? "dark" : "light",
    viewport: { width: has("--narrow") ? 360 : 1280, height: 900 },
    bypassCSP: has("--axe"),
  });
  const page = await context.newPage();
  const told = { requests: [], errors: [] };
  page.on("request", (r) => { if (!r.url().startsWith("file:")) told.requests.push(r.url()); });
  page.on("pageerror", (e) => told.errors.push(String(e)));
  page.on("console", (m) => { if (m.type() === "error") told.errors.push(m.text()); });
  const hash = value("--hash");
  await page.goto("file://" + path.resolve(file) + (hash ? "#" + hash : ""));
  if (has("--print")) await page.emulateMedia({ media: "print" });
  told.title = await page.title();
  if (!has("--no-script")) {
    told.wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    told.paint = await page.evaluate(async () => {
      const found = () => performance.getEntriesByName("first-contentful-paint")[0];
      for (let n = 0; n < 100 && !found(); n += 1) await new Promise((r) => setTimeout(r, 50));
      return found() ? found().startTime : null;
    });
    if (has("--content")) {
      // When the largest piece of content was there: a splash is not the report.
      told.content = await page.evaluate(async () => {
        let last = null;
        new PerformanceObserver((list) => { last = list.getEntries().pop().startTime; })
          .observe({ type: "largest-contentful-paint", buffered: true });
        await new Promise((r) => setTimeout(r, 2500));
        return last;
      });
    }
    if (hash) {
      told.focused = await page.evaluate(() => document.activeElement && document.activeElement.id);
    }
    const search = value("--search");
    if (search) {
      await page.fill("input[type=search]", search);
      await page.waitForTimeout(400);
      told.found = await page.evaluate(() =>
        Array.from(document.querySelectorAll("[data-verdict]")).filter((e) => !e.hidden).length);
    }
    if (has("--axe")) {
      await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
      await page.addScriptTag({ path: path.join(modules, "axe-core", "axe.min.js") });
      const found = await page.evaluate(() => axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        resultTypes: ["violations"],
      }));
      told.violations = found.violations.map((v) =>
        `${v.id}: ${v.help} (${v.nodes.length}): ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`);
    }
  }
  const shot = value("--shot");
  if (shot) await page.screenshot({ path: shot, fullPage: has("--full") });
  console.log(JSON.stringify(told, null, 1));
  await browser.close();
})().catch((error) => { console.error(error); process.exit(1); });
