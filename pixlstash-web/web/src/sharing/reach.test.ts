import { expect, test } from "vitest";
import { reachWarning } from "./reach";

test("addresses of this computer and of a private network are recognized", () => {
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
    expect(reachWarning(host)).toContain("Only this computer");
  for (const host of [
    "10.1.2.3",
    "192.168.1.9",
    "172.16.0.1",
    "172.31.0.1",
    "100.64.0.1",
    "100.127.9.9",
    "169.254.1.1",
  ])
    expect(reachWarning(host)).toContain("your network");
  for (const host of ["[fd00::1]", "[fe80::1]", "nas.local", "nas.lan", "nas", "box.home.arpa"])
    expect(reachWarning(host)).toContain("your network");
  for (const host of ["pictures.example.org", "172.32.0.1", "100.128.0.1", "11.0.0.1", "[2001:db8::1]", "8.8.8.8"])
    expect(reachWarning(host)).toBeNull();
});
