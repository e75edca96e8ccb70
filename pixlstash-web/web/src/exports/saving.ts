/** Have the browser save what is at an address, which says itself how the file is called. */
export function saveFrom(address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}
