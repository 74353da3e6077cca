"""What is kept and who may see it: records, objects, access, workflows, audit, change feed."""
