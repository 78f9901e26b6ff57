// The names by which mappings ask for an outside step (`port:`).

export const STEPS = ['lab-order', 'physician'] as const;
