# SPDX-License-Identifier: MIT
"""The page of `faultline report --html`, in a browser."""

import json
import re
import socket
import tempfile
import unittest
from pathlib import Path

import pages
import recordings
from browser import Browser

PICTURES = pages.ROOT / "results/page"
PLOTS = ("minor", "major", "cpu", "resident", "swapped")
OVER = "#plot-{} .u-over"


class PageTest(unittest.TestCase):
    """One browser for all; each opens the page that it is about."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.made = {}
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def show(self, name, make):
        if name not in self.made:
            recording = Path(self.folder.name) / f"{name}.data"
            recording.write_bytes(make())
            self.made[name] = pages.report(recording, recording.with_suffix(".html"))
        self.browser.scheme("light")
        self.browser.open(self.made[name])
        trouble = self.run_js("document.getElementById('trouble').textContent")
        self.assertEqual(trouble, "")
        return self.browser

    def show_workers(self):
        return self.show("workers", lambda: pages.sampled(24, 300))

    def run_js(self, script):
        return self.browser.run(script)

    def window(self):
        """That of the page; all plots must show it."""
        self.run_js("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)))")
        figures = self.run_js("({...faultline})")
        for shown in figures["plots"]:
            self.assertEqual(shown, figures["window"])
        return figures["window"]

    def text(self, selector):
        return self.run_js(f"document.querySelector({json.dumps(selector)}).textContent")

    def count(self, selector):
        return self.run_js(f"document.querySelectorAll({json.dumps(selector)}).length")

    def click(self, selector):
        self.run_js(f"document.querySelector({json.dumps(selector)}).click()")

    def paint(self, selector):
        """What is on a canvas: how many pixels are painted, and the sum of their colours."""
        return self.run_js(
            f"(() => {{ const c = document.querySelector({json.dumps(selector)});"
            "const o = new OffscreenCanvas(c.width, c.height)"
            ".getContext('2d', {willReadFrequently: true}); o.drawImage(c, 0, 0);"
            "const d = o.getImageData(0, 0, c.width, c.height).data; let [n, sum] = [0, 0];"
            "d.forEach((v, i) => { sum += v; if (i % 4 === 3) n += v > 0; });"
            "return [n, sum]; })()")

    def listen_to_text(self, selector):
        """All text written on a canvas from now on is in `texts`, with the pixels cut off it."""
        self.run_js("""(() => {
            globalThis.texts = [];
            const real = CanvasRenderingContext2D.prototype.fillText;
            CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
                if (this.canvas.closest("%s")) {
                    const { e: left, f: top, b } = this.getTransform();
                    const half = this.measureText(text).width / 2;
                    const ends = b ? [top - half, top + half - this.canvas.height]
                        : [left + x - half, left + x + half - this.canvas.width];
                    const cut = this.textAlign === "center" ? Math.max(-ends[0], ends[1], 0) : 0;
                    texts.push({ text, cut });
                }
                return real.call(this, text, x, y);
            };
        })()""" % selector)

    def tearDown(self):
        self.assertEqual(self.browser.errors, [])
        self.assertEqual([url for url in self.browser.requests if not url.startswith("file://")],
                         [])
        self.assertLessEqual(len(self.browser.requests), 1)


class TestPlots(PageTest):
    def test_each_quantity_has_a_plot_with_its_unit(self):
        self.show_workers()
        units = [self.text(f"#plot-{plot} figcaption span") for plot in PLOTS]
        self.assertEqual(units, ["faults/s", "faults/s", "% of one CPU", "MiB", "MiB"])
        for plot in (*PLOTS, "marks"):
            self.assertGreater(self.paint(f"#plot-{plot} canvas")[0], 1000)

    def test_dragging_in_one_zooms_all_and_a_double_click_shows_all(self):
        browser = self.show_workers()
        begin, end = self.window()
        browser.drag(OVER.format("cpu"), 0.25, 0.5)
        browser.wait("faultline.redraws === 1")
        zoomed = self.window()
        self.assertAlmostEqual(zoomed[0], begin + 0.25 * (end - begin), delta=0.01 * (end - begin))
        self.assertAlmostEqual(zoomed[1], begin + 0.5 * (end - begin), delta=0.01 * (end - begin))
        browser.double_click(OVER.format("minor"))
        browser.wait("faultline.redraws === 2")
        self.assertEqual(self.window(), [begin, end])

    def test_keys_zoom_move_and_show_all(self):
        browser = self.show_workers()
        begin, end = self.window()
        self.run_js("document.getElementById('plots').focus()")
        browser.press("+", "+")
        near = self.window()
        self.assertAlmostEqual(near[1] - near[0], (end - begin) / 2)
        browser.press("ArrowLeft")
        left = self.window()
        self.assertLess(left[0], near[0])
        self.assertAlmostEqual(left[1] - left[0], near[1] - near[0])
        browser.press("0", "0")
        self.assertEqual(self.window(), [begin, end])

    def test_the_cursor_is_in_all_plots_and_the_legend_tells_what_is_there(self):
        browser = self.show_workers()
        over_all = self.text("#readout tbody tr td")
        browser.point(OVER.format("resident"), 0.5)
        browser.wait("document.getElementById('readout-when').textContent.startsWith('At ')")
        lefts = self.run_js("[...document.querySelectorAll('.u-cursor-x')].map((line) =>"
                            "line.style.transform)")
        self.assertEqual(len(lefts), len(PLOTS) + 1)
        self.assertEqual(len(set(lefts)), 1)
        self.assertNotEqual(self.text("#readout tbody tr td"), over_all)

    def test_means_are_those_of_the_recording(self):
        def one():
            records = recordings.Records()
            records.join(0, 1, 100, "steady")
            for step in range(101):
                records.sample(step * 10 * recordings.MS, 1, step * 20, step, step * 5 * 10**6, 0,
                               2560, 256)
            return recordings.segment_block() + records.block() + recordings.end_block(
                0, records.count, recordings.START + 1000 * recordings.MS)

        self.show("steady", one)
        cells = self.run_js("[...document.querySelectorAll('#readout tbody tr:nth-child(2) td')]"
                            ".map((cell) => cell.textContent)")
        self.assertEqual(cells, ["2.00k", "100", "50.0", "10.0", "1.00"])

    def test_means_are_of_the_time_a_process_lived_however_short(self):
        def brief():
            records = recordings.Records()
            records.join(0, 1, 100, "long")
            records.fork(5000 * recordings.MS, 2, 101, "brief", 1)
            records.exit(5002 * recordings.MS, 2, 0, 100, 10, recordings.MS)
            records.sample(10000 * recordings.MS, 1, 50)
            return recordings.segment_block() + records.block() + recordings.end_block(
                0, records.count, recordings.START + 10000 * recordings.MS)

        self.show("brief", brief)
        cells = self.run_js("[...document.querySelectorAll('#readout tbody tr:nth-child(2) td')]"
                            ".map((cell) => cell.textContent)")
        self.assertEqual(cells[:3], ["50.0k", "5.00k", "50.0"])

    def test_marks_of_axes_are_not_rounded(self):
        def short(last_ns, cpu_ns):
            records = recordings.Records()
            records.join(0, 1, 100, "short")
            for part in (1, 2):
                records.sample(last_ns * part // 2, 1, 80 * part, 0, cpu_ns * part, 0, 6 * part)
            return recordings.segment_block() + records.block() + recordings.end_block(
                0, records.count, recordings.START + last_ns)

        for last_ns, cpu_ns in ((3_200_000, 320), (320 * recordings.MS, 10_000)):
            browser = self.show(f"short-{last_ns}", lambda: short(last_ns, cpu_ns))
            self.listen_to_text("#plot-cpu")
            browser.scheme("dark")
            browser.wait("texts.length > 0")
            texts = " ".join(self.run_js("texts.map(({text}) => text)"))
            times, values = texts.split("% of one CPU")[:2]
            times = [float(mark) for mark in re.findall(r"[\d.]+(?= m?s)", times)]
            values = [float(mark) for mark in re.findall(r"[\d.]+(?= |$)(?! m?s)", values)]
            for axis in (times, values):
                steps = [b - a for a, b in zip(axis, axis[1:])]
                self.assertGreater(len(steps), 2, axis)
                self.assertAlmostEqual(min(steps), max(steps), msg=axis)

    def test_no_text_of_a_plot_is_cut_off(self):
        def second():
            records = recordings.Records()
            records.join(0, 1, 100, "idle")
            records.sample(1000 * recordings.MS, 1, 10)
            return recordings.segment_block() + records.block() + recordings.end_block(
                0, records.count, recordings.START + 1000 * recordings.MS)

        browser = self.show("second", second)
        self.listen_to_text(".plot")
        browser.scheme("dark")
        browser.wait("texts.length > 0")
        self.assertEqual(self.run_js("texts.filter(({cut}) => cut > 0)"), [])

    def test_the_sum_of_processes_is_drawn_in_both_ways(self):
        self.show_workers()
        lines = self.paint("#plot-minor canvas")
        self.click("#as-stack")
        self.assertEqual(self.run_js("document.getElementById('as-stack').ariaPressed"), "true")
        self.assertGreater(self.paint("#plot-minor canvas")[0], 1000)
        self.assertNotEqual(self.paint("#plot-minor canvas"), lines)

    def test_gaps_are_striped_and_told(self):
        browser = self.show("hostile", pages.hostile)
        self.assertFalse(self.run_js("document.getElementById('gap-note').hidden"))
        self.assertIn("1 deadline missed, 2 visits to processes shed, 4 records lost",
                      self.text("#about"))
        browser.point(OVER.format("minor"), 0.45)
        browser.wait("document.getElementById('readout-when').textContent.startsWith('At ')")
        self.assertIn("3 deadlines missed, 2 visits to processes shed",
                      self.text("#readout-when"))


class TestChoice(PageTest):
    def test_the_ten_with_most_faults_are_drawn_first(self):
        self.show_workers()
        self.assertEqual(self.count("#readout tbody tr"), 11)
        self.assertEqual(self.count("#table tbody input:checked"), 10)
        self.assertEqual(self.count("#table tbody tr"), 24)

    def test_a_click_in_the_table_draws_one_more_and_in_the_legend_hides_it(self):
        self.show_workers()
        self.click("#table tbody tr:nth-child(12)")
        self.assertEqual(self.count("#readout tbody tr"), 12)
        before = self.paint("#plot-minor canvas")
        self.click("#readout tbody tr:nth-child(12) button")
        self.assertEqual(self.count('#readout [aria-pressed="false"]'), 1)
        self.assertNotEqual(self.paint("#plot-minor canvas"), before)
        self.click("#choose-none")
        self.assertEqual(self.count("#readout tbody tr"), 1)
        self.click("#choose-top")
        self.assertEqual(self.count("#readout tbody tr"), 11)

    def test_who_is_pointed_at_in_the_legend_is_brought_out(self):
        browser = self.show_workers()
        paint = ("new Promise((done) => requestAnimationFrame(() => done("
                 "document.querySelector('#plot-minor canvas').toDataURL())))")
        before = self.run_js(paint)
        seen = {before}
        for row in (1, 2, 5):
            left, top, _, height = browser.place(f"#readout tbody tr:nth-child({row}) td")
            browser.mouse("mouseMoved", left + 5, top + height / 2)
            seen.add(self.run_js(paint))
        self.assertEqual(len(seen), 4)
        browser.mouse("mouseMoved", 5, 5)
        self.assertEqual(self.run_js(paint), before)
        button = "document.querySelector('#readout tbody tr:nth-child(5) button')"
        self.run_js(f"{button}.focus()")
        self.assertIn(self.run_js(paint), seen - {before})
        self.run_js(f"{button}.blur()")
        self.assertEqual(self.run_js(paint), before)

    def test_search_finds_by_name_and_by_number(self):
        self.show_workers()
        words = {"worker-7": 1, "WORKER-1": 11, "1005": 1, "nobody": 0, "": 24}
        for word, found in words.items():
            self.run_js("(() => { const s = document.getElementById('search');"
                        f"s.value = {json.dumps(word)}; s.dispatchEvent(new Event('input')); }})()")
            self.assertEqual(self.count("#table tbody tr"), found, word)
            self.assertEqual(self.text("#found"), f"{found} of 24")

    def test_columns_sort_both_ways_and_say_so(self):
        self.show_workers()
        heading = "#table thead th:nth-child(3)"
        read = ("[...document.querySelectorAll('#table tbody td:nth-child(3)')]"
                ".map((cell) => Number(cell.textContent))")
        self.click(f"{heading} button")
        self.assertEqual(self.run_js(read), list(range(1000, 1024)))
        self.assertEqual(self.run_js(f"document.querySelector('{heading}').ariaSort"), "ascending")
        self.click(f"{heading} button")
        self.assertEqual(self.run_js(read), list(range(1023, 999, -1)))

    def test_no_more_than_thirty_are_drawn_and_the_rest_say_so(self):
        self.show("forty", lambda: pages.sampled(40, 20))
        for row in range(11, 41):
            self.click(f"#table tbody tr:nth-child({row})")
        self.assertEqual(self.count("#table tbody input:checked"), 30)
        self.assertEqual(self.count("#table tbody input:disabled"), 10)
        self.assertIn("30 are drawn", self.run_js(
            "document.querySelector('#table tbody tr:nth-child(31)').title"))
        self.click("#table tbody tr:nth-child(1)")
        self.assertEqual(self.count("#table tbody input:disabled"), 0)

    def test_the_first_ten_are_those_of_the_table_as_it_is_sorted(self):
        self.show_workers()
        self.click("#table thead th:nth-child(7) button")
        self.click("#choose-top")
        ticked = self.run_js("[...document.querySelectorAll('#table tbody input')]"
                             ".map((box) => box.checked)")
        self.assertEqual(ticked, [True] * 10 + [False] * 14)
        names = "#table tbody bdi", "#readout tbody tr:not(:first-child) bdi"
        table, legend = [self.run_js(f"[...document.querySelectorAll('{name}')].map((one) =>"
                                     "one.textContent)") for name in names]
        self.assertEqual(legend, table[:10])

    def test_moments_of_a_short_recording_are_told_apart(self):
        def short():
            records = recordings.Records()
            records.join(0, 1, 100, "shell")
            for i in range(4):
                records.fork(i * recordings.MS, i + 2, 200 + i, "job", 1)
            return recordings.segment_block() + records.block() + recordings.end_block(
                0, records.count, recordings.START + 4 * recordings.MS)

        self.show("forks", short)
        seen = self.run_js("[...document.querySelectorAll('#table tbody td:nth-child(12)')]"
                           ".map((cell) => cell.textContent)")
        self.assertEqual(sorted(set(seen)), [f"0.00{i}000 s" for i in range(4)])

    def test_a_finding_can_be_looked_at(self):
        self.show_workers()
        if self.run_js("!document.getElementById('all-insights').hidden"):
            self.click("#all-insights")
        self.assertGreater(self.count("#insights li"), 0)
        self.assertGreater(self.count("#insights button"), 0)
        before = self.count("#readout tbody tr"), self.window()
        self.run_js("document.querySelectorAll('#insights button').forEach((b) => b.click())")
        self.assertNotEqual((self.count("#readout tbody tr"), self.window()), before)


class TestTrust(PageTest):
    def test_names_are_text_whatever_is_in_them(self):
        self.show("hostile", pages.hostile)
        self.assertEqual(self.run_js("document.querySelector('h1').textContent"),
                         "x </script><script>alert(1)</script>")
        names = self.run_js("[...document.querySelectorAll('#table tbody bdi')]"
                            ".map((name) => name.textContent).sort()")
        self.assertEqual(names, sorted(["\ufffdevil", *pages.EVILS[:-1]]))
        self.assertEqual(self.count("main b"), self.count("main figcaption b, main #insights b"))
        self.assertEqual(self.count("img, i"), 0)
        self.assertEqual(self.count("script"), 2)

    def test_what_is_slipped_in_does_not_run_and_cannot_ask_for_anything(self):
        self.show("hostile", pages.hostile)
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.5)
            where = f"http://127.0.0.1:{server.getsockname()[1]}/"
            done = self.run_js("""new Promise((done) => {
                const blocked = [];
                addEventListener("securitypolicyviolation",
                    (event) => blocked.push(event.effectiveDirective));
                const script = document.createElement("script");
                script.textContent = "globalThis.slipped = true";
                document.body.append(script);
                new Image().src = "%s";
                fetch("%s").catch(() => setTimeout(() =>
                    done([globalThis.slipped === undefined, blocked.sort()]), 200));
            })""" % (where, where))
            self.assertRaises(TimeoutError, server.accept)
        self.assertEqual(done, [True, ["connect-src", "img-src", "script-src-elem"]])
        # These refusals are what this asked for.
        self.browser.errors.clear()
        self.browser.requests.clear()

    def test_the_page_asks_for_nothing_but_itself(self):
        browser = self.show_workers()
        self.assertEqual(browser.requests, [self.made["workers"].resolve().as_uri()])


class TestLook(PageTest):
    BACKGROUND = "getComputedStyle(document.body).backgroundColor"

    def test_the_theme_is_the_systems_until_it_is_chosen(self):
        browser = self.show_workers()
        light = self.run_js(self.BACKGROUND)
        browser.scheme("dark")
        dark = self.run_js(self.BACKGROUND)
        self.assertNotEqual(light, dark)
        self.click("#theme")
        self.assertEqual(self.run_js(self.BACKGROUND), light)
        self.click("#theme")
        self.assertEqual(self.run_js(self.BACKGROUND), dark)
        browser.scheme("light")
        self.assertEqual(self.run_js(self.BACKGROUND), dark)
        self.click("#theme")
        self.assertEqual(self.run_js(self.BACKGROUND), light)

    def test_text_stands_out_in_both_themes(self):
        browser = self.show_workers()
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            ratios = self.run_js("""(() => {
                const style = getComputedStyle(document.documentElement);
                const light = (name) => {
                    const hex = style.getPropertyValue(`--${name}`).trim();
                    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
                        .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
                };
                const ratio = (a, b) => Math.max(light(a) / light(b), light(b) / light(a));
                const lines = [...Array(10).keys()].map((i) => ratio(`line-${i}`, "panel"));
                return { text: ratio("text", "panel"), quiet: Math.min(ratio("quiet", "panel"),
                    ratio("quiet", "page")), line: Math.min(...lines) };
            })()""")
            self.assertGreater(ratios["text"], 7, scheme)
            self.assertGreater(ratios["quiet"], 4.5, scheme)
            self.assertGreater(ratios["line"], 3, scheme)

    def test_pictures(self):
        browser = self.show_workers()
        sizes = set()
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            picture = PICTURES / f"report-{scheme}.png"
            browser.picture(picture)
            sizes.add(picture.read_bytes())
        self.assertEqual(len(sizes), 2)

    def test_samples_are_those_of_the_recording_and_no_ends(self):
        self.show("whole", recordings.whole)
        self.assertIn("every 10.0 ms, 5 samples", self.text("#about"))

    def test_headings_of_the_legend_have_room_wherever_it_is(self):
        browser = self.show_workers()
        self.addCleanup(browser.size)
        for width in (360, 480, 1000, 1280, 1680):
            browser.size(width, 800)
            cut = self.run_js("""[...document.querySelectorAll("#readout th")].filter((cell) =>
                cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent)""")
            self.assertEqual(cut, [], width)
            self.assertLessEqual(self.run_js("document.documentElement.scrollWidth"), width)

    def test_a_command_of_several_lines_is_one_of_words(self):
        self.show("lines", lambda: recordings.whole(command="sh -c 'a\n\tb'"))
        self.assertEqual(self.text("h1"), "sh -c 'a b'")
        self.assertEqual(self.run_js("document.title"), "sh -c 'a b' – faultline")

    def test_a_long_command_leaves_room_for_the_rest(self):
        command = "cc " + " ".join(f"-I/some/where/{i}" for i in range(200))
        self.show("long", lambda: recordings.whole(command=command))
        self.assertLess(self.run_js("document.querySelector('h1').clientHeight"), 120)
        self.assertEqual(self.text("#about dd"), command)

    def test_paper_is_white_and_nothing_is_cut_off_at_its_edge(self):
        browser = self.show_workers()
        browser.scheme("dark")
        self.run_js("addEventListener('beforeprint', () => { globalThis.printed ="
                    "[document.documentElement.dataset.theme,"
                    "document.querySelector('.plot canvas').width]; })")
        browser.call("Page.printToPDF")
        self.assertEqual(self.run_js("printed"), ["light", 700])
        self.assertEqual(self.run_js("document.documentElement.dataset.theme"), "auto")
        self.addCleanup(browser.size)
        browser.size(720, 1050)
        browser.call("Emulation.setEmulatedMedia", media="print")
        beyond = self.run_js("""[...document.querySelectorAll("canvas, td, #insights li")]
            .filter((e) => { const b = e.getBoundingClientRect();
                return !b.width || b.right > document.documentElement.clientWidth; }).length""")
        self.assertEqual(beyond, 0)

    def test_everything_has_a_name_for_those_who_do_not_see_it(self):
        self.show_workers()
        nameless = self.run_js("""[...document.querySelectorAll(
            "button, input, select, [role=group], [role=img]")]
            .filter((e) => !e.textContent.trim() && !e.ariaLabel && !e.closest("label"))
            .map((e) => e.outerHTML)""")
        self.assertEqual(nameless, [])


class TestMany(PageTest):
    def test_a_million_samples(self):
        browser = self.show("million", lambda: pages.sampled(40, 25000))
        page = self.made["million"]
        first = self.run_js("faultline.first_paint_ms")
        browser.drag(OVER.format("minor"), 0.4, 0.6)
        browser.wait("faultline.redraws === 1")
        browser.drag(OVER.format("minor"), 0.4, 0.6)
        browser.wait("faultline.redraws === 2")
        self.window()
        figures = self.run_js("({...faultline})")
        print(f"# a million samples: {page.stat().st_size / 2**20:.1f} MiB, first paint after "
              f"{first:.0f} ms, zoom drawn anew in {figures['redraw_ms']:.0f} ms, "
              f"{figures['points']} points a line")
        self.assertLess(page.stat().st_size, 15 << 20)
        self.assertLessEqual(figures["points"], figures["slices_max"])
        self.assertLessEqual(figures["slices_max"], 4000)

    def test_a_crowd_of_short_lives(self):
        def crowd():
            records = recordings.Records()
            records.join(0, 1, 100, "shell")
            blocks = []
            for i in range(2000):
                records.fork(i * recordings.MS, i + 2, 200 + i, f"job{i}", 1)
                records.exit(i * recordings.MS + 700_000, i + 2, 0, 80, 0, 400_000)
                if records.count > 400:
                    blocks.append(records)
                    records = recordings.Records(seq=records.seq)
            blocks.append(records)
            return recordings.segment_block() + b"".join(b.block() for b in blocks)

        self.show("crowd", crowd)
        self.assertEqual(self.text("#found"), "2,001 of 2,001")
        self.assertEqual(self.count("#table tbody tr"), 50)
        self.click("#more")
        self.assertEqual(self.count("#table tbody tr"), 500)
        self.assertGreater(self.paint("#plot-marks canvas")[0], 1000)

    def test_segments_are_chosen(self):
        def two():
            return recordings.whole() + recordings.segment_block(1, command="the other") + \
                recordings.Records().block(1)

        self.show("two", two)
        first = self.text("h1")
        self.run_js("(() => { const s = document.getElementById('segment'); s.value = 1;"
                    "s.dispatchEvent(new Event('change')); })()")
        self.assertNotEqual(first, self.text("h1"))
        self.assertEqual(self.text("h1"), "the other")
        self.assertIn("did not end well", self.text("#about"))


del PageTest
