/** Whether the filters are open. */
class Filtering {
  open = $state(false);
}

export const filtering = new Filtering();
