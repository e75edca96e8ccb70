import { Recent } from "../state/recent";

export const recentSearches = new Recent("pixlstash.searches", 6);
