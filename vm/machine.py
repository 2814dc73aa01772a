# SPDX-License-Identifier: MIT
"""The virtual machine: which accelerator, and QEMU's command line."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cache
import qemu
from verdict import EXIT_STATUS

PROBE_SECONDS = 10
LABELS = {"kvm": "KVM", "tcg": "TCG", "icount": "icount"}
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Machine:
    emulator: list          # the words that start QEMU
    kernel: object          # kernel.Kernel
    initramfs: Path
    accel: str              # "kvm", "tcg" or "icount"
    cpus: int
    memory: str             # as QEMU takes it: 4G, 512M
    folder: Path            # this run's folder, which the guest sees
    writable: tuple         # folders that the guest may write
    swap: bool              # folder/swap is a disk to swap on
    swap_iops: int          # requests a second that it serves at most, 0 for as many as it can
    shell: bool             # the terminal is the guest's


def choose_accel(kernel, initramfs, say):
    """kvm where a probe guest answers within seconds, else tcg. Asked once a boot of the host."""
    if not Path("/dev/kvm").exists():
        return "tcg"
    known = cache.folder() / "kvm-probe"
    boot = BOOT_ID.read_text().strip()
    with cache.locked("kvm-probe"):
        if known.exists():
            words = known.read_text().split()
            if len(words) == 2 and words[0] == boot:
                return words[1]
        accel = "kvm" if kvm_answers(kernel, initramfs) else "tcg"
        known.write_text(f"{boot} {accel}\n")
    if accel == "tcg":
        say(f"/dev/kvm is there but a probe guest did not answer in {PROBE_SECONDS} s: "
            "using TCG, which is slower")
    return accel


def kvm_answers(kernel, initramfs):
    command = guarded(PROBE_SECONDS, base([qemu.NAME], kernel, initramfs, "kvm", 1, "256M"))
    command += ["-serial", "null", "-append", append("kvm", "faultline.probe")]
    probe = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        return probe.wait() == EXIT_STATUS
    finally:
        stop(probe)


def stop(qemu):
    """Ends it through its guard, which SIGKILL would leave no time to pass it on."""
    if qemu.poll() is None:
        qemu.terminate()
        try:
            qemu.wait(timeout=8)
        except subprocess.TimeoutExpired:
            qemu.kill()
            qemu.wait()


def guarded(seconds, command):
    """The command ends after so many seconds, and when the process that started it dies.

    In the foreground, as a program in the background may not set up the terminal for --shell.
    """
    return ["setpriv", "--pdeathsig", "TERM", "timeout", "--foreground", "--kill-after=5",
            str(seconds), *command]


# Under icount guest time is counted instructions (1 ns each) and jumps ahead when the guest idles.
ACCEL_WORDS = {
    "kvm": ["-accel", "kvm", "-cpu", "host"],
    "tcg": ["-accel", "tcg,thread=multi", "-cpu", "max"],
    "icount": ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
               "-cpu", "max,-rdrand,-rdseed", "-rtc", "base=2024-01-01T00:00:00,clock=vm"],
}


def base(emulator, kernel, initramfs, accel, cpus, memory):
    """The firmware is named: by default some take SeaBIOS, which needs option ROMs to boot this."""
    return [*emulator, "-M", "microvm,x-option-roms=off,rtc=on", "-bios", "qboot.rom",
            *ACCEL_WORDS[accel], "-smp", str(cpus), "-m", memory, "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-kernel", str(kernel.image),
            "-initrd", str(initramfs), "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]


def append(accel, *words):
    """The kernel's command line. Without tsc_early_khz one boot in five hangs under load in TCG."""
    line = ["console=ttyS0", "8250.nr_uarts=1", "loglevel=7", "panic=-1", "oops=panic",
            "random.trust_cpu=on", "printk.devkmsg=on"]
    if accel == "tcg":
        line.append(f"tsc_early_khz={host_khz()}")
    if accel == "icount":
        line += ["tsc=reliable", "tsc_early_khz=1000000", "nokaslr", "norandmaps"]
    return " ".join(line + list(words))


def host_khz():
    found = re.search(r"^cpu MHz\s*: ([\d.]+)", Path("/proc/cpuinfo").read_text(), re.M)
    return int(float(found.group(1)) * 1000) if found else 2000000


def command_line(machine, ports, seconds):
    """QEMU's whole command; ports maps a port's name to the descriptor that it writes to."""
    words = base(machine.emulator, machine.kernel, machine.initramfs, machine.accel, machine.cpus,
                 machine.memory)
    words += nine_p("host", "/", "readonly=on")
    for number, folder in enumerate(machine.writable):
        words += nine_p(f"share{number}", folder, "readonly=off")
    words += ["-device", "virtio-serial-device"]
    for name, descriptor in ports.items():
        words += ["-chardev", f"file,id={name},path=/dev/fd/{descriptor}"]
        if name == "log":
            words += ["-serial", "chardev:log"]
        else:
            words += ["-device", f"virtserialport,chardev={name},name={name}"]
    if machine.shell:
        words += ["-chardev", "stdio,id=shell,signal=off", "-device", "virtconsole,chardev=shell"]
    if machine.swap:
        slow = f",throttling.iops-total={machine.swap_iops}" if machine.swap_iops else ""
        words += ["-drive", f"if=none,id=swap,format=raw,file={escaped(machine.folder / 'swap')}"
                  f"{slow}", "-device", "virtio-blk-device,drive=swap"]
    line = [f"faultline.run={machine.folder}"]
    if not machine.kernel.row.finds_races:  # which finds those of the kernel's own as well
        line.append("panic_on_warn=1")
    words += ["-append", append(machine.accel, *line)]
    return guarded(seconds, words)


def nine_p(tag, folder, mode):
    return ["-fsdev", f"local,id={tag},path={escaped(folder)},security_model=none,{mode},"
            "multidevs=remap", "-device", f"virtio-9p-device,fsdev={tag},mount_tag={tag}"]


def escaped(path):
    """QEMU reads a doubled comma as a comma."""
    return str(path).replace(",", ",,")
