"""Clusters: what lies near each other under Hamming distance, and which of it one decision may cover."""

from tutela.clusters.batch import dbscan
from tutela.clusters.gathering import Cell, Gathered, Place
from tutela.clusters.grouping import Group, GroupKind, groups
from tutela.clusters.growing import Clusters

__all__ = ["Cell", "Clusters", "Gathered", "Group", "GroupKind", "Place", "dbscan", "groups"]
